import { assertEquals } from "@std/assert";
import { notify } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { expose } from "../../rpc/service/expose.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Agent } from "../agent.ts";
import { until } from "../fixtures/until.ts";

class Listener extends Agent {
  readonly heard: string[] = [];

  @expose
  hear(text: string): number {
    return this.heard.push(text);
  }

  @expose
  fail(): never {
    throw new RangeError("no");
  }

  /**
   * Notifies another agent, which notifies this one, and changes its list
   * later.
   */
  @expose
  async gossip(friend: Remote<Gossip>): Promise<void> {
    notify(friend).pass("back");
    // The friend answers this call after it has received the notification.
    await friend.pass("answered");
    await Promise.resolve();
    this.heard.push("end of gossip");
  }
}

class Gossip extends Agent {
  listener: Remote<Listener> | null = null;

  @expose
  pass(text: string): void {
    notify(this.listener!).hear(text);
  }
}

withCtx(
  "notify of an agent waits in its mailbox, and has no answer",
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    const agent = await there.spawn(Listener);
    const listener = await here.connect<Listener>(agent.address);
    for (const text of ["a", "b", "c"]) notify(listener).hear(text);
    assertEquals(here.stats().pendingCalls, 0);
    assertEquals(await listener.hear("d"), 4);
    assertEquals(agent.heard, ["a", "b", "c", "d"]);
  },
);

withCtx(
  "notify of an agent that is gone, or whose container is, does nothing",
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    const agent = await there.spawn(Listener);
    const listener = await here.connect<Listener>(agent.address);
    await agent.close();
    notify(listener).hear("nobody");
    await there.close();
    notify(listener).hear("nowhere");
    notify(listener).fail();
    assertEquals(agent.heard, []);
  },
);

withCtx(
  "a message that an agent causes by notify waits for the end of its turn",
  async (ctx) => {
    const here = await ctx.createContainer();
    const agent = await here.spawn(Listener);
    const gossip = await here.spawn(Gossip);
    const listener = await here.connect<Listener>(agent.address);
    gossip.listener = listener;
    await listener.gossip(await here.connect<Gossip>(gossip.address));
    await until(() => agent.heard.length === 3);
    assertEquals(agent.heard, ["end of gossip", "back", "answered"]);
  },
);
