import { assertEquals, assertThrows } from "@std/assert";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { openConnection } from "../../rpc/deno.ts";
import type { Agent } from "../agent.ts";
import { withCtx } from "../../testing/ctx.ts";
import { dateSerializer } from "../date_serializer.ts";
import type { Worm } from "../fixtures/spawned.ts";
import { fixture } from "../fixtures/spawning.ts";
import { Manager } from "./manager.ts";

const modules = { spawned: fixture("spawned.ts") };

withCtx({
  name: "Manager serves anybody, as that of aiomas does",
  codecs,
  utcStart: "2024-01-01",
}, async (ctx) => {
  const there = await ctx.createContainer();
  const manager = await there.spawn(Manager, { modules });
  assertEquals(manager.address, `${there.address}/0`);
  // The messages that a peer of aiomas sends and understands.
  await using client = await openConnection<
    { agents: { get(id: string): Manager } }
  >(there.address, {
    ...ctx.options,
    extensions: false,
    serializers: [dateSerializer],
  });
  const remote = (client.remote.agents as unknown as Record<
    string,
    { spawn(...args: unknown[]): Promise<[Agent & Worm, string]> } & {
      set_time(time: number): Promise<null>;
      stop(): Promise<null>;
    }
  >)["0"]!;
  const [proxy, address] = await remote.spawn("spawned:Worm", "Ann");
  assertEquals(address, `${there.address}/1`);
  assertEquals(await proxy.greet("you"), "Ann greets you");
  assertEquals(await remote.set_time(3), null);
  assertEquals(there.clock.time(), 3);
  assertEquals(await remote.stop(), null);
  await manager.stopReceived;
});

withCtx(
  { name: "Manager has the id 0, or another", transports: ["memory"] },
  async (ctx) => {
    const container = await ctx.createContainer();
    assertEquals(new Manager(container, { modules }).id, "0");
    assertThrows(() => new Manager(container, { modules }), TypeError, "id");
    assertEquals(new Manager(container, { modules, id: "m" }).id, "m");
    assertThrows(
      () => new Manager(container, { modules: {}, id: "n" }),
      TypeError,
      "empty",
    );
    assertEquals(container.agents.size, 2);
  },
);
