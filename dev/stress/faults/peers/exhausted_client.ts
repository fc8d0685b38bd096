/**
 * A client that opens files until there are no descriptors left, and closes
 * them later. The limit is that of its process. Its argument is an
 * {@linkcode ExhaustedTask}.
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
  /** The file of the certificate authority, if TLS is used. */
  readonly caCerts: string | null;
}

if (import.meta.main) {
  prepareForExhaustion();
  const { address, scale, caCerts } = readTask<ExhaustedTask>();
  const options = caCerts === null ? {} : { tls: { caCerts } };
  await using client = await FaultClient.open(address, scale, options);
  printLine("ready");
  await answerRequests({
    async suffer() {
      const first = Promise.withResolvers<FaultClient>();
      const onBegun = () => {
        printLine("exhausted");
        // A first connection must wait until descriptors are free again.
        const retryForMs = scale.queueTimeoutMs;
        first.resolve(
          FaultClient.open(address, scale, { ...options, retryForMs }),
        );
      };
      const outcome = await client.suffer({
        fault: "no file descriptors",
        boundMs: scale.queueTimeoutMs,
        run: () => exhaust(scale.exhaustedMs, onBegun),
      });
      await using _ = await first.promise;
      return outcome;
    },
  });
}
