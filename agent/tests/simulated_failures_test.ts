import { assert, assertEquals, assertRejects } from "@std/assert";
import { expose } from "../../rpc/service/expose.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { withCtx } from "../../testing/ctx.ts";
import { Agent } from "../agent.ts";
import type { FailurePolicy } from "../agent_options.ts";
import { fastForward } from "../clock/pace.ts";
import type { Container } from "../container.ts";

const SIMULATED = { transports: ["memory"], utcStart: "2024-01-01" } as const;

const DAY_S = 86_400;

/** Fails once an hour. */
class Shaky extends Agent {
  readonly #log: string[];
  constructor(container: Container, log: string[], policy: FailurePolicy) {
    super(container, { id: "shaky", onFailure: policy });
    this.#log = log;
  }
  #note(act: string): void {
    this.#log.push(`${act} ${this.container.clock.time()}`);
  }
  protected override onStart() {
    this.#note("starts");
    this.run(async (signal) => {
      await this.container.clock.sleep(3_600, { signal });
      this.#note("fails");
      throw new Error("it fails");
    });
  }
  @expose
  hi(): string {
    return "hi";
  }
}

function simulated(name: string) {
  return { ...SIMULATED, name };
}

withCtx(
  simulated("waits before restarts go by the clock, the same each time"),
  async (ctx) => {
    const { clock } = ctx;
    const logs: string[][] = [];
    for (const seed of [1, 1, 2]) {
      const start = clock.time();
      const log: string[] = [];
      const container = await ctx.createContainer({ seed });
      await container.spawn(Shaky, log, {
        restarts: 1,
        backoff: { initialMs: 60_000, maxMs: 60_000 },
      });
      await fastForward(clock, { until: start + 10_000 });
      ctx.takeHandlerErrors();
      await container.close();
      logs.push(log.map((it) => {
        const [act, time] = it.split(" ");
        return `${act} ${Math.round((Number(time) - start) * 1_000)}`;
      }));
    }
    const [first, again, other] = logs as [string[], string[], string[]];
    // Two starts per failure: the window of one minute permits each restart.
    assertEquals(first.length, 5, first.join());
    const [, failedAt, startedAt] = first.map((it) => Number(it.split(" ")[1]));
    assertEquals(failedAt, 3_600_000);
    assert(startedAt! >= 3_630_000 && startedAt! < 3_660_000, `${startedAt}`);
    assertEquals(again, first);
    assert(other.join() !== first.join());
  },
);

withCtx(
  simulated("the window that counts restarts goes by the clock"),
  async (ctx) => {
    for (const [withinMs, starts] of [[3_600_000, 24], [3_700_000, 2]]) {
      const log: string[] = [];
      const container = await ctx.createContainer();
      const until = ctx.clock.time() + DAY_S;
      const backoff = { initialMs: 0, maxMs: 0 };
      await container.spawn(Shaky, log, { restarts: 1, withinMs, backoff });
      await fastForward(ctx.clock, { until: until - 1 });
      assertEquals(
        log.filter((it) => it.startsWith("starts")).length,
        starts,
      );
      await container.close();
      await fastForward(ctx.clock, { until });
      ctx.takeHandlerErrors();
    }
  },
);

class Stubborn extends Agent {
  readonly #log: number[];
  constructor(container: Container, log: number[]) {
    super(container, {
      onFailure: { backoff: { initialMs: 0, maxMs: 0 } },
    });
    this.#log = log;
  }
  protected override onStart() {
    const { clock } = this.container;
    this.#log.push(clock.time());
    this.run(() => clock.sleep(90).catch(() => {}));
    this.run(async (signal) => {
      await clock.sleep(10, { signal });
      throw new Error("it fails");
    });
  }
}

withCtx(
  simulated("an agent that fails has its grace by the clock"),
  async (ctx) => {
    const log: number[] = [];
    const container = await ctx.createContainer();
    await container.spawn(Stubborn, log);
    await fastForward(ctx.clock, { until: 30 });
    assertEquals(log, [0, 11, 22]);
    ctx.takeHandlerErrors();
    await fastForward(ctx.clock, { until: 31 });
    await container.close({ graceMs: 0 });
    await fastForward(ctx.clock, { until: 120 });
  },
);

withCtx(
  simulated("'retryForMs' goes by a clock that is run, and the seed"),
  async (ctx) => {
    const { clock } = ctx;
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    const address = `${there.address}/shaky`;
    const gaveUp = assertRejects(
      () => here.connect(address, { retryForMs: 1_000_000 }),
      AgentNotFoundError,
    ).then(() => clock.time());
    const found = here.connect<Shaky>(address, { retryForMs: 3_600_000 });
    clock.callAt(1_800, () => there.spawn(Shaky, [], "report"));
    const connected = found.then(() => clock.time());
    await fastForward(clock, { until: 3_000 });
    const time = await gaveUp;
    assert(time >= 1_000 && time <= 1_000.01, `${time}`);
    const foundAt = await connected;
    assert(foundAt > 1_800 && foundAt < 1_805, `${foundAt}`);
    assertEquals(await (await found).hi(), "hi");
    await there.close();
  },
);

withCtx(
  {
    name: "'retryForMs' goes by real time while no one runs the clock",
    utcStart: "2024-01-01",
  },
  async (ctx) => {
    const here = await ctx.createContainer();
    const there = await ctx.createContainer();
    const address = `${there.address}/shaky`;
    await assertRejects(
      () => here.connect(address, { retryForMs: 60 }),
      AgentNotFoundError,
    );
    assertEquals([ctx.clock.time(), ctx.clock.waiting], [0, 0]);
    // It also keeps trying after the run.
    const during = here.connect<Shaky>(address, { retryForMs: 60_000 });
    await fastForward(ctx.clock, {
      until: 0.01,
      settle: () => new Promise((resolve) => setTimeout(resolve, 60)),
    });
    await there.spawn(Shaky, [], "report");
    assertEquals(await (await during).hi(), "hi");
    await there.agents.get("shaky")!.close();
    const connecting = here.connect<Shaky>(address, { retryForMs: 60_000 });
    await there.spawn(Shaky, [], "report");
    assertEquals(await (await connecting).hi(), "hi");
    await there.close();
  },
);
