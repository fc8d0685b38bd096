/**
 * A client that opens files until there are no descriptors left, and closes them
 * later. The limit is that of its process. Argument: an {@linkcode ExhaustedTask}.
 */
import { answerRequests, printLine } from "../../../shared/peer_process.ts";
import { readTask } from "../../_steered.ts";
import { FaultClient } from "../_fault.ts";
import type { Scale } from "../_scale.ts";
import { exhaust, prepareForExhaustion } from "./_exhaust.ts";

/** The task of the process. */
export interface ExhaustedTask {
  readonly address: string;
  readonly scale: Scale;
  /** The file of the authority, with TLS. */
  readonly caCerts: string | null;
}

if (import.meta.main) {
  prepareForExhaustion();
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
        run: () => exhaust(scale.exhaustedMs, () => printLine("exhausted")),
      }),
  });
}
