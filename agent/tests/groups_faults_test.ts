import { assertEquals } from "@std/assert";
import { Agent } from "../agent.ts";
import { simulate } from "../../testing/mod.ts";

simulate("a member that leaves while its container joins again is gone", {
  seeds: 3,
  faults: [
    { kind: "reset", node: "members", atMs: 5_000, forMs: 0 },
    { kind: "partition", node: "members", atMs: 5_001, forMs: 10_000 },
  ],
}, async (sim) => {
  const home = await sim.node(
    "home",
    async (node) => (await node.createContainer()).address,
  );
  const found = await sim.node("members", async (node) => {
    const container = await node.createContainer();
    const group = container.group("club", { home });
    const [visitor, resident] = [
      await container.spawn(Agent),
      await container.spawn(Agent),
    ];
    await group.join(visitor);
    await group.join(resident);
    await node.sleep(8_000);
    await visitor.close();
    await node.sleep(20_000);
    return { members: await group.members(), resident };
  });
  assertEquals(found.members, [found.resident.address]);
});
