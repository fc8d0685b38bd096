/**
 * A server to be stopped or cut off. Prints its address, and a line for each
 * connection that ends; runs until its input ends. Arguments: the address and
 * `heartbeatMs`.
 */
import { startServer } from "../../../../rpc/deno.ts";
import { printLine } from "../../../shared/peer_process.ts";
import { dismissal } from "../../_steered.ts";
import { NumberedService } from "./_numbered_service.ts";

const [address, heartbeatMs] = Deno.args;
await using server = await startServer(address!, new NumberedService(), {
  heartbeatMs: Number(heartbeatMs),
  middleware: {
    connections: [
      ({ closed }) =>
        void closed.then(({ code }) => printLine(`ended: ${code}`)),
    ],
  },
});
printLine(server.address);
await dismissal();
