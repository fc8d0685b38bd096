/**
 * A server to be stopped, cut off, or left without file descriptors. Prints its
 * address, and a line for each connection that ends; runs until its input ends.
 * Arguments: the address and `heartbeatMs`.
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
  // Connections that cannot be accepted are what is tried.
  onError: () => {},
});
printLine(server.address);
await answerRequests({
  exhaust: ({ timeMs }: { timeMs: number }) =>
    exhaust(timeMs, () => cutFor(server, timeMs, 100)),
});
