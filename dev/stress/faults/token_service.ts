import { startServer } from "../../../rpc/deno.ts";
import { cutFor, FaultClient, type FaultTrial } from "./_fault.ts";
import { NumberedService } from "./peers/_numbered_service.ts";

/** Starts a service that issues tokens over HTTP. */
function startTokens(port = 0) {
  return Deno.serve(
    { hostname: "127.0.0.1", port, onListen() {} },
    () => new Response("token"),
  );
}

/**
 * Makes the service that issues the clients' credentials unavailable, while
 * their connections are cut.
 */
export const tokenService: FaultTrial = {
  name: "token service",
  async run(scale) {
    let tokens = startTokens();
    const { port } = tokens.addr;
    await using server = await startServer(
      "tcp://127.0.0.1:0",
      new NumberedService(),
      {
        authenticate(credentials) {
          if (credentials !== "token") throw new Error("no token");
          return true;
        },
      },
    );
    const credentials = async () => {
      const reply = await fetch(`http://127.0.0.1:${port}/`);
      return await reply.text();
    };
    try {
      await using client = await FaultClient.open(server.address, scale, {
        credentials,
      });
      const outcome = await client.suffer({
        fault: "token service away, connections cut",
        boundMs: scale.queueTimeoutMs,
        run: async () => {
          await tokens.shutdown();
          await cutFor(server, scale.awayMs, 100);
          tokens = startTokens(port);
        },
      });
      return [outcome];
    } finally {
      await tokens.shutdown();
    }
  },
};
