/**
 * A client that opens files until there are no descriptors left, and closes them
 * later. The limit is that of its process. Argument: an {@linkcode ExhaustedTask}.
 */
import { answerRequests, printLine } from "../../../shared/peer_process.ts";
import { rest } from "../../../shared/wait.ts";
import { readTask } from "../../_steered.ts";
import { FaultClient } from "../_fault.ts";
import type { Scale } from "../_scale.ts";

/** The task of the process. */
export interface ExhaustedTask {
  readonly address: string;
  readonly scale: Scale;
  /** The file of the authority, with TLS. */
  readonly caCerts: string | null;
}

if (import.meta.main) {
  // Deno sets up signals a while after the start, and panics without descriptors.
  Deno.addSignalListener("SIGUSR2", () => {});
  const { address, scale, caCerts } = readTask<ExhaustedTask>();
  await using client = await FaultClient.open(
    address,
    scale,
    caCerts === null ? {} : { tls: { caCerts } },
  );
  printLine("ready");
  await answerRequests({
    suffer: () =>
      client.suffer({
        fault: "no file descriptors",
        boundMs: scale.queueTimeoutMs,
        run: () => exhaust(scale.exhaustedMs),
      }),
  });
}

/** Opens all files that the process may open, also those that get free. */
async function exhaust(timeMs: number): Promise<void> {
  const files: Deno.FsFile[] = [];
  const until = performance.now() + timeMs;
  let isTold = false;
  while (performance.now() < until) {
    try {
      for (;;) files.push(Deno.openSync("/dev/null"));
    } catch {
      // There are none left.
    }
    if (!isTold) printLine("exhausted");
    isTold = true;
    await rest(1);
  }
  for (const file of files) file.close();
}
