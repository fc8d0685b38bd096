import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { expose } from "../../rpc/mod.ts";
import { simulate } from "../../testing/mod.ts";
import { ConnectError } from "../../transports/errors.ts";
import { Agent } from "../agent.ts";

class Bell extends Agent {
  @expose
  ring(): string {
    return "ding";
  }
}

const FAULTS = [
  { kind: "reset", node: "client", atMs: 1_000, forMs: 0 },
  { kind: "hold", node: "client", atMs: 1_001, forMs: 30_000 },
] as const;

simulate("a call waits for a container that is connected and silent", {
  seeds: 3,
  faults: FAULTS,
}, async (sim) => {
  const address = await sim.node("tower", async (node) => {
    const container = await node.createContainer();
    return (await container.spawn(Bell)).address;
  });
  const [waited, failed] = await sim.node("client", async (node) => {
    const container = await node.createContainer();
    const options = { retryForMs: 120_000 };
    const patient = await container.connect<Bell>(address, options);
    const hasty = await container.connect<Bell>(address);
    await node.sleep(2_000);
    const waiting = patient.ring();
    const error = await assertRejects(() => hasty.ring(), ConnectError);
    return [await waiting, error];
  });
  assertEquals(waited, "ding");
  assertInstanceOf(failed, ConnectError);
});

simulate("a connection that has never answered is made anew", {
  seeds: 3,
  faults: [
    { kind: "hold", node: "client", atMs: 500, forMs: 1_000 },
    { kind: "half-open", node: "client", atMs: 1_200, forMs: 0 },
  ],
}, async (sim) => {
  const address = await sim.node("tower", async (node) => {
    const container = await node.createContainer();
    return (await container.spawn(Bell)).address;
  });
  const answer = await sim.node("client", async (node) => {
    const container = await node.createContainer();
    await node.sleep(1_000);
    const options = { retryForMs: 50_000 };
    return await (await container.connect<Bell>(address, options)).ring();
  });
  assertEquals(answer, "ding");
  assert(sim.now < 20_000, `It took ${sim.now} ms`);
});
