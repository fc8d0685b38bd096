import { testKilledNode } from "../../agent/fixtures/killed_node.ts";
import { natsEngine } from "./engine.ts";
import { natsProgram, NatsServer } from "./fixtures/server.ts";

const program = natsProgram(2, 11);

testKilledNode("natsEngine", {
  missing: program === undefined ? "no 'nats-server' 2.11" : null,
  program: new URL("fixtures/counter_process.ts", import.meta.url),
  open: natsEngine,
  serve: async () => {
    const server = await NatsServer.start({ program: program! });
    return {
      address: server.url,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  },
});
