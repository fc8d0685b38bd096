import { assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { Agent } from "../../agent/agent.ts";
import { call } from "../../rpc/call.ts";
import { withOptions } from "../../rpc/options.ts";
import { service } from "../../rpc/service/service.ts";
import type { Ctx } from "../ctx_contract.ts";
import { LeakError } from "../errors.ts";
import { runCase } from "../fixtures/fake_runner.ts";
import { nextTurn } from "../fixtures/next_turn.ts";
import { untilEnd } from "../fixtures/until_end.ts";
import { planSteps } from "../step/_plan.ts";

// Work that ignores its end and would continue during later steps.

/** A point at which work waits until its test is over. */
class Stop {
  readonly #stop = Promise.withResolvers<void>();
  readonly #reached = Promise.withResolvers<void>();
  readonly reached = this.#reached.promise;
  readonly wait = () => {
    this.#reached.resolve();
    return this.#stop.promise;
  };
  [Symbol.dispose]() {
    this.#stop.resolve();
  }
}

function works({ wait }: Pick<Stop, "wait">) {
  return service({
    work: () => wait(),
    callBack: async (back: () => Promise<void>) => await back(),
    async *items() {
      yield 1;
      await wait();
    },
    async *stubborn() {
      try {
        yield 1;
      } finally {
        await wait();
      }
    },
  });
}

type Works = ReturnType<typeof works>;

const GUILTY: Record<string, {
  readonly body: (ctx: Ctx, stop: Stop) => Promise<void>;
  readonly what: RegExp;
}> = {
  "a method whose caller gave up": {
    async body(ctx, stop) {
      const { remote } = await ctx.rpc.startServerAndConnect(works(stop));
      await withOptions(remote, { timeoutMs: 5 }).work().catch(() => {});
    },
    what:
      /running method 'work' \(let it end .*\) of channel .* of server .*\n.*work_test\.ts:/,
  },
  "a method whose caller is gone": {
    async body(ctx, stop) {
      await ctx.rpc.startServer(works(stop));
      const { remote, channel } = await ctx.rpc.connect<Works>();
      const lost = remote.work().catch(() => {});
      await stop.reached;
      await channel.close({ graceMs: 0 });
      await lost;
    },
    what: /running method 'work' \(let it end .*\) of channel/,
  },
  "a function that the server calls": {
    async body(ctx, stop) {
      const { remote } = await ctx.rpc.startServerAndConnect(works(stop));
      await withOptions(remote, { timeoutMs: 20 }).callBack(stop.wait)
        .catch(() => {});
    },
    what: /running method a function \(let it end .*\) of channel/,
  },
  "a producer whose consumer left": {
    async body(ctx, stop) {
      await ctx.rpc.startServer(works(stop));
      const client = await ctx.rpc.connect<Works>();
      const items = await client.remote.items();
      await items.next();
      await client.close({ graceMs: 0 });
    },
    what:
      /running producer of 'items' \(let it end .*\) of channel .*\n.*work_test\.ts:/,
  },
  "a producer that does not end its clean-up": {
    async body(ctx, stop) {
      const { remote } = await ctx.rpc.startServerAndConnect(works(stop));
      const items = await remote.stubborn();
      await items.next();
      await Promise.race([items.return?.(), nextTurn()]);
    },
    what: /running producer of 'stubborn' \(let it end .*\) of channel/,
  },
  "a task of an agent": {
    async body(ctx, stop) {
      class Busy extends Agent {
        protected override onStart() {
          this.run(function idle() {
            return stop.wait();
          });
        }
      }
      const agent = await (await ctx.createContainer()).spawn(Busy);
      await agent.close({ graceMs: 0 });
    },
    what:
      /task \(idle\) of agent \(Busy\('.*'\)\) of container .*\n.*at Busy\.onStart .*work_test\.ts:/,
  },
  "an agent that does not end its start": {
    async body(ctx, stop) {
      class Slow extends Agent {
        protected override onStart = () => stop.wait();
      }
      const container = await ctx.createContainer();
      const spawning = container.spawn(Slow).catch(() => {});
      await container.close({ graceMs: 0 });
      await spawning;
    },
    what: /task \(onStart\) of agent \(Slow\('/,
  },
};

for (const [name, { body, what }] of Object.entries(GUILTY)) {
  Deno.test(`withCtx fails a step for ${name}`, async () => {
    using stops = new DisposableStack();
    const { steps } = await runCase(
      (ctx) => body(ctx, stops.use(new Stop())),
      { steps: planSteps() },
    );
    assertEquals(steps.length, 3);
    for (const { error, ignored } of steps) {
      if (ignored) continue;
      assertInstanceOf(error, LeakError);
      assertMatch(error.message, /leaked 1 thing/);
      assertMatch(error.message, what);
    }
  });
}

const INNOCENT: Record<string, (ctx: Ctx) => Promise<void>> = {
  async "work that ends a moment after its caller"(ctx) {
    const slow = service({
      async work() {
        await untilEnd().catch(() => {});
        // Longer than any number of turns that a step could wait for.
        await new Promise((resolve) => setTimeout(resolve, 20));
      },
      async *items() {
        yield 1;
        await untilEnd();
      },
    });
    await ctx.rpc.startServer(slow);
    const client = await ctx.rpc.connect<typeof slow>();
    const items = await client.remote.items();
    await items.next();
    await withOptions(client.remote, { timeoutMs: 5 }).work().catch(() => {});
    await client.close({ graceMs: 0 });
  },
  async "methods that have ended, however they did"(ctx) {
    const quick = service({
      quick: () => 1,
      fail: () => Promise.reject(new Error("no")),
      signal: () => void call().signal,
      async *none() {},
    });
    const { remote } = await ctx.rpc.startServerAndConnect(quick);
    await remote.quick();
    await remote.fail().catch(() => {});
    await remote.signal();
    for await (const _ of await remote.none());
  },
  async "agents of ctx that wait and loop on the real clock"(ctx) {
    class Sensor extends Agent {
      protected override onStart() {
        this.run(async (signal) => {
          const { clock } = this.container;
          for (;;) await clock.sleep(0.001, { signal });
        });
        this.container.clock.callIn(60, () => {});
      }
    }
    class Shaky extends Agent {
      protected override onStart() {
        this.run(async () => {
          await nextTurn();
          throw new Error("shaken");
        });
      }
    }
    const container = await ctx.createContainer();
    await container.spawn(Sensor);
    const restarting = await container.spawn(
      class extends Shaky {
        constructor(own: typeof container) {
          super(own, {
            onFailure: { restarts: 5, backoff: { initialMs: 1e4 } },
          });
        }
      },
    );
    await container.watch(restarting.address);
    ctx.takeHandlerErrors();
  },
};

for (const [name, body] of Object.entries(INNOCENT)) {
  Deno.test(`withCtx passes a step with ${name}`, async () => {
    const { steps } = await runCase(body, { steps: planSteps() });
    assertEquals(steps.map(({ error }) => error), [null, null, null]);
  });
}
