import { testEngine } from "../../testing/engine_suite/engine_suite.ts";
import { CutTransport } from "./fixtures/cut_transport.ts";
import { Container } from "../container.ts";
import { containerEngine } from "./container_engine.ts";
import { EngineAgent } from "./engine_agent.ts";

testEngine("containerEngine", async () => {
  const container = await Container.create("tcp://127.0.0.1:0");
  const { address } = await container.spawn(EngineAgent);
  const transport = new CutTransport(address);
  const options = {
    transports: [transport],
    timeoutMs: 500,
    onError: () => {},
  };
  return {
    open: () => containerEngine(address, options),
    cut: () => transport.cut(),
    dispose: () => container.close(),
  };
});
