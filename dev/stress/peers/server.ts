/**
 * A server that serves until it is dismissed, or killed.
 *
 * @module
 */
import { startServer } from "../../../rpc/deno.ts";
import type { RpcServer } from "../../../rpc/server.ts";
import { AddressInUseError } from "../../../transports/errors.ts";
import { endpointOptions, type VictimTask } from "../_endpoint.ts";
import { rest } from "../../shared/wait.ts";
import { TestService } from "../_test_service.ts";
import { PrintedCallLog } from "./_printed_call_log.ts";
import { printLine } from "../../shared/peer_process.ts";
import { dismissal, readTask } from "../_steered.ts";

/** The time to wait for an occupied port, in milliseconds. */
const TAKEN_MS = 5_000;

/** Serves at the address of the previous server, whose port may be occupied. */
async function start({ endpoint, first }: VictimTask): Promise<RpcServer> {
  const until = performance.now() + TAKEN_MS;
  const service = new TestService(new PrintedCallLog(first));
  for (;;) {
    try {
      return await startServer(
        endpoint.address,
        service,
        endpointOptions(endpoint),
      );
    } catch (error) {
      const isTaken = error instanceof AddressInUseError;
      if (!isTaken || performance.now() > until) throw error;
      await rest(10);
    }
  }
}

await using server = await start(readTask<VictimTask>());
printLine(server.address);
await dismissal();
