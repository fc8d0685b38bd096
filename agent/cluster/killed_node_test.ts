import { Container } from "../container.ts";
import { testKilledNode } from "../fixtures/killed_node.ts";
import { containerEngine } from "./container_engine.ts";
import { EngineAgent } from "./engine_agent.ts";

testKilledNode("containerEngine", {
  program: new URL("../fixtures/counter_process.ts", import.meta.url),
  open: containerEngine,
  serve: async () => {
    const hub = await Container.create("tcp://127.0.0.1:0");
    const { address } = await hub.spawn(EngineAgent);
    return { address, [Symbol.asyncDispose]: () => hub.close() };
  },
});
