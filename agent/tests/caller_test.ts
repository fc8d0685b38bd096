import { assertEquals } from "@std/assert";
import { openConnection } from "../../channel/deno.ts";
import { call } from "../../rpc/call.ts";
import { keep } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Agent } from "../agent.ts";
import { until } from "../fixtures/until.ts";

class Asked extends Agent {
  @expose
  who(): string | null {
    return call().agent;
  }

  @expose({ concurrent: true })
  whoAtOnce(): string | null {
    return call().agent;
  }

  /** Calls an agent of its caller, over the caller's connection. */
  @expose
  async callBack(other: Remote<Asked>): Promise<string | null> {
    return await other.who();
  }
}

/** Keeps a function, which the test calls outside of any agent. */
class Keeper extends Agent {
  kept: (() => unknown) | null = null;

  @expose
  take(back: () => unknown): void {
    this.kept = keep(back);
  }
}

class Asking extends Agent {
  answer: string | null = null;

  @expose
  async ask(address: string): Promise<(string | null)[]> {
    const asked = await this.container.connect<Asked>(address);
    await Promise.resolve();
    return [await asked.who(), await asked.whoAtOnce()];
  }

  /** Asks in its own task. */
  @expose
  begin(address: string): void {
    this.run(async () => {
      const asked = await this.container.connect<Asked>(address);
      this.answer = await asked.who();
    });
  }
}

withCtx(
  "call().agent is the calling agent of the own container",
  async (ctx) => {
    const container = await ctx.createContainer();
    const asked = await container.spawn(Asked);
    const agent = await container.spawn(Asking);
    const asking = await container.connect<Asking>(agent.address);
    assertEquals(await asking.ask(asked.address), [
      agent.address,
      agent.address,
    ]);
    await asking.begin(asked.address);
    await until(() => agent.answer !== null);
    assertEquals(agent.answer, agent.address);
    // This call is made outside of any agent.
    const proxy = await container.connect<Asked>(asked.address);
    assertEquals(await proxy.who(), null);
  },
);

withCtx("call().agent tells only what the connection proves", async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const [own, asked] = [await here.spawn(Asked), await there.spawn(Asked)];
  const agent = await here.spawn(Asking);
  const asking = await here.connect<Asking>(agent.address);
  // A connecting peer may claim any address.
  assertEquals(await asking.ask(asked.address), [null, null]);
  // Here, however, this side has made the connection.
  const other = await here.connect<Asked>(asked.address);
  assertEquals(
    await other.callBack(own as unknown as Remote<Asked>),
    asked.address,
  );
});

withCtx("call().agent ignores what a stranger claims", async (ctx) => {
  const container = await ctx.createContainer();
  const { id } = await container.spawn(Asked);
  const channel = ctx.use(await openConnection(container.address, ctx.options));
  const origin = { agent: id, turns: [] };
  const path = `agents/${id}/who`;
  const told = await channel.send([
    "$/call",
    [path, [], {}, { origin }],
    {},
  ]);
  assertEquals(told, null);
});

withCtx(
  "a connection that an agent has opened serves calls as nobody's",
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    const [own, asked] = [await here.spawn(Asked), await there.spawn(Asked)];
    const keeper = await there.spawn(Keeper);
    const agent = await here.spawn(Asking);
    // The connection is opened within this agent's turn.
    await (await here.connect<Asking>(agent.address)).ask(asked.address);
    assertEquals(here.stats().openedConnections, 2);
    const other = await here.connect<Asked>(own.address);
    await (await here.connect<Keeper>(keeper.address)).take(() => other.who());
    assertEquals(await keeper.kept!(), null);
  },
);
