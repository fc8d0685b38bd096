/**
 * Serves work by RPC in a separate process, at a port that other processes may
 * share: `shared_port.ts ADDRESS`. Its first line is the real address.
 */
import { service, startServer } from "@denomas/denomas/rpc";
import { tcp } from "@denomas/denomas/transports";
import { answerRequests, printLine } from "../../shared/peer_process.ts";

/** Uses a core for about 0.3 ms. */
function work(seed: number): number {
  let value = seed;
  for (let step = 0; step < 180_000; step++) {
    value = (Math.imul(value, 1_664_525) + 1_013_904_223) | 0;
  }
  return value;
}

const [address = ""] = Deno.args;
await using server = await startServer(address, service({ work }), {
  transports: [tcp({ reusePort: true })],
});
printLine(server.address);
await answerRequests({});
