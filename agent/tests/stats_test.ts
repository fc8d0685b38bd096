import { assertEquals, assertRejects } from "@std/assert";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Agent } from "../agent.ts";

class Greeter extends Agent {
  @expose
  greet(name: string): string {
    if (name === "") throw new RangeError("Nobody is there");
    return `Hello, ${name}`;
  }
}

withCtx(
  "stats() of a container sums up both kinds of connections",
  async (ctx) => {
    const [here, there] = [
      await ctx.createContainer(),
      await ctx.createContainer(),
    ];
    const { address } = await there.spawn(Greeter);
    const greeter = await here.connect<Greeter>(address);
    await greeter.greet("Ada");
    await assertRejects(() => greeter.greet(""));
    const [near, far] = [here.stats(), there.stats()];
    assertEquals([near.openedConnections, near.acceptedConnections], [1, 0]);
    assertEquals([far.openedConnections, far.acceptedConnections], [0, 1]);
    // The hello, the look-up of the agent, and the two calls.
    assertEquals([near.calls, near.failedCalls], [4, 1]);
    assertEquals([far.requests, far.failedRequests], [4, 1]);
    await there.close();
    await greeter.greet("Ada").catch(() => {});
    const { connections, openedConnections, calls } = here.stats();
    assertEquals([connections, openedConnections, calls], [0, 1, 4]);
    assertEquals(there.stats().requests, 4);
  },
);

withCtx("stats() of a container counts calls to itself", async (ctx) => {
  const container = await ctx.createContainer();
  const { address } = await container.spawn(Greeter);
  const greeter = await container.connect<Greeter>(address);
  await greeter.greet("Ada");
  const { calls, requests, openedConnections } = container.stats();
  assertEquals([calls, requests, openedConnections], [3, 3, 1]);
});
