import { assertEquals, assertRejects } from "@std/assert";
import { ServerBusyError, TimeoutError } from "../../channel/errors.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/service/expose.ts";
import { method } from "../../rpc/service/method.ts";
import { service } from "../../rpc/service/service.ts";
import { withOptions } from "../../rpc/options.ts";
import type { Remote } from "../../rpc/remote.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Agent } from "../agent.ts";
import type { AgentOptions } from "../agent_options.ts";
import { fastForward } from "../clock/pace.ts";
import type { Container } from "../container.ts";

/** An agent that awaits something between a check and a change. */
class Account extends Agent {
  balance = 100;
  readonly log: string[] = [];
  #gate: PromiseWithResolvers<void> = Promise.withResolvers();
  /** Its methods also run in the agent's turn. */
  @expose
  readonly history: { note(text: string): Promise<void> } = service({
    note: async (text: string) => {
      this.log.push(`>${text}`);
      await Promise.resolve();
      this.log.push(`<${text}`);
    },
  });

  constructor(container: Container, options: AgentOptions = {}) {
    super(container, options);
  }

  @expose
  async withdraw(amount: number): Promise<boolean> {
    if (this.balance < amount) return false;
    await Promise.resolve();
    this.balance -= amount;
    return true;
  }

  /** Ends when `open` is called. */
  @expose
  async wait(name: string): Promise<string> {
    this.log.push(name);
    await this.#gate.promise;
    return name;
  }

  @expose({ concurrent: true })
  open(): void {
    this.#gate.resolve();
    this.#gate = Promise.withResolvers();
  }

  @expose
  add(name: string): number {
    return this.log.push(name);
  }

  @expose
  async *items(): AsyncGenerator<number> {
    for (let i = 0;; i++) yield i;
  }

  /** Calls another agent, which calls this one back. */
  @expose
  async askTo(friend: Remote<Friend>, self: Remote<Account>): Promise<number> {
    await friend.meet();
    return await friend.ring(self);
  }

  @expose
  async sleep(seconds: number): Promise<number> {
    await this.container.clock.sleep(seconds);
    return this.container.clock.time();
  }
}

class Friend extends Agent {
  @expose
  async ring(account: Remote<Account>): Promise<number> {
    await Promise.resolve();
    return await account.add("from a friend");
  }

  @expose
  meet(): void {}
}

withCtx("an agent runs one call at a time", async (ctx) => {
  const [here, there] = [
    await ctx.createContainer(),
    await ctx.createContainer(),
  ];
  const agent = await there.spawn(Account);
  const account = await here.connect<Account>(agent.address);
  const neighbour = await there.connect<Account>(agent.address);
  const both = [account.withdraw(80), neighbour.withdraw(80)];
  assertEquals((await Promise.all(both)).sort(), [false, true]);
  assertEquals(agent.balance, 20);
  await Promise.all([account.history.note("a"), account.history.note("b")]);
  assertEquals(agent.log, [">a", "<a", ">b", "<b"]);
});

withCtx(
  "an agent that is concurrent runs calls beside each other",
  async (ctx) => {
    const here = await ctx.createContainer({ concurrent: true });
    const first = await here.spawn(Account);
    const second = await here.spawn(Account, { concurrent: false });
    for (const [agent, expected] of [[first, -60], [second, 20]] as const) {
      const account = await here.connect<Account>(agent.address);
      await Promise.all([account.withdraw(80), account.withdraw(80)]);
      assertEquals(agent.balance, expected);
    }
  },
);

withCtx(
  "an agent calls in the order of arrival, and concurrent methods at once",
  async (ctx) => {
    const [here, there] = [
      await ctx.createContainer(),
      await ctx.createContainer(),
    ];
    const agent = await there.spawn(Account);
    const account = await here.connect<Account>(agent.address);
    const names = ["a", "b", "c"];
    const waits = names.map((name) => account.wait(name));
    for (const count of [1, 2, 3]) {
      await account.open();
      assertEquals(agent.log.length, Math.min(3, count + 1));
    }
    assertEquals(await Promise.all(waits), names);
    assertEquals(agent.log, names);
  },
);

withCtx(
  "a call that waits for an agent is refused, cancelled or late without having run",
  async (ctx) => {
    const [here, there] = [
      await ctx.createContainer(),
      await ctx.createContainer(),
    ];
    const agent = await there.spawn(Account, { mailbox: 2 });
    const account = await here.connect<Account>(agent.address);
    const running = account.wait("running");
    const controller = new AbortController();
    const cancelled = withOptions(account, { signal: controller.signal })
      .add("cancelled");
    const waiting = account.add("last");
    await assertRejects(() => account.add("refused"), ServerBusyError);
    controller.abort();
    await assertRejects(() => cancelled, DOMException);
    const hurried = withOptions(account, { timeoutMs: 1 });
    await assertRejects(() => hurried.add("late"), TimeoutError);
    await account.open();
    assertEquals(await running, "running");
    assertEquals(await waiting, 2);
    assertEquals(agent.log, ["running", "last"]);
    const { waitingCalls, refusedCalls } = there.stats();
    assertEquals([waitingCalls, refusedCalls], [0, 1]);
  },
);

withCtx(
  "calls that wait for an agent that closes fail without having run",
  async (ctx) => {
    const [here, there] = [
      await ctx.createContainer(),
      await ctx.createContainer(),
    ];
    const agent = await there.spawn(Account);
    const account = await here.connect<Account>(agent.address);
    const running = account.wait("running");
    const waiting = account.add("waiting");
    while (there.stats().waitingCalls === 0) await here.connect(agent.address);
    await agent.close();
    await assertRejects(() => waiting, AgentNotFoundError);
    agent.open();
    assertEquals(await running, "running");
    assertEquals(agent.log, ["running"]);
  },
);

withCtx(
  "a call that comes back to an agent runs within its turn",
  async (ctx) => {
    const [here, there] = [
      await ctx.createContainer({ allowConnect: () => true }),
      await ctx.createContainer({ allowConnect: () => true }),
    ];
    const agent = await there.spawn(Account);
    for (const container of [here, there]) {
      const caller = await here.connect<Account>(agent.address);
      const { address } = await container.spawn(Friend);
      const friend = await here.connect<Friend>(address);
      const others = [caller.add("other"), caller.askTo(friend, caller)];
      await Promise.all([...others, caller.add("other")]);
    }
    assertEquals(agent.log.filter((it) => it !== "other").length, 2);
  },
);

withCtx("a running stream of an agent holds no turn", async (ctx) => {
  const container = await ctx.createContainer();
  const agent = await container.spawn(Account);
  const account = await container.connect<Account>(agent.address);
  for await (const item of await account.items()) {
    assertEquals(await account.add(String(item)), item + 1);
    if (item === 2) break;
  }
});

withCtx(
  {
    name:
      "an agent that sleeps in simulated time answers one call after the other",
    utcStart: "2024-01-01",
  },
  async (ctx) => {
    const container = await ctx.createContainer();
    const agent = await container.spawn(Account);
    const account = await container.connect<Account>(agent.address);
    const times = Promise.all([1, 2, 3].map(() => account.sleep(60)));
    await fastForward(ctx.clock, { until: 300 });
    assertEquals(await times, [60, 120, 180]);
  },
);

class Checked extends Agent {
  running = 0;
  @expose
  work = method({ args: [], use: [() => Promise.resolve()] }, async () => {
    const count = ++this.running;
    await Promise.resolve();
    this.running--;
    return count;
  });
}

withCtx("an agent runs guards and schemas in the same turn", async (ctx) => {
  const container = await ctx.createContainer();
  const agent = await container.spawn(Checked);
  const checked = await container.connect<Checked>(agent.address);
  const calls = [1, 2, 3].map(() => checked.work());
  assertEquals(await Promise.all(calls), [1, 1, 1]);
});
