/**
 * A server that is stopped, cut off, or deprived of file descriptors. Prints
 * its address, and a line for each connection that ends; runs until its input
 * ends. Its arguments are the address and `heartbeatMs`.
 */
import { startServer } from "../../../../rpc/deno.ts";
import { answerRequests, printLine } from "../../../shared/peer_process.ts";
import { cutFor } from "../_fault.ts";
import { exhaust, prepareForExhaustion } from "./_exhaust.ts";
import { NumberedService } from "./_numbered_service.ts";

prepareForExhaustion();
const [address, heartbeatMs] = Deno.args;
await using server = await startServer(address!, new NumberedService(), {
  heartbeatMs: Number(heartbeatMs),
  middleware: {
    connections: [
      ({ closed }) =>
        void closed.then(({ code }) => printLine(`ended: ${code}`)),
    ],
  },
  // Failures to accept connections are the purpose of the trial.
  onError: () => {},
});
printLine(server.address);
await answerRequests({
  exhaust: ({ timeMs }: { timeMs: number }) =>
    exhaust(timeMs, () => cutFor(server, timeMs, 100)),
});
