import { assert, assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../../../testing/ctx.ts";
import type { Ctx } from "../../../testing/ctx_contract.ts";
import { ExternalClock } from "../../clock/external_clock.ts";
import { quiescent } from "../../clock/quiescent.ts";
import { fastForward } from "../../clock/pace.ts";
import { fixture, spawnIn } from "../../fixtures/spawning.ts";
import { Board, Exchange, Trader } from "../../fixtures/spawned_market.ts";

const WEEK_S = 7 * 86_400;
const TRADERS = 4;

const MODULES = { market: fixture("spawned_market.ts") };
const CLOCK = { utcStart: "2024-01-01" };

/** Runs a market for a week, with traders in the given places. */
async function week(
  ctx: Ctx,
  kinds: readonly ("process" | "worker")[],
): Promise<string[]> {
  using clock = new ExternalClock("2024-01-01");
  await using home = await ctx.createContainer({ clock });
  const { address, sales } = await home.spawn(Exchange);
  const others = await Promise.all(
    kinds.map((kind) =>
      spawnIn(ctx, home, kind, { modules: MODULES, clock: CLOCK })
    ),
  );
  for (let seed = 0; seed < TRADERS; seed++) {
    const other = others[seed % others.length];
    if (other === undefined) await home.spawn(Trader, address, seed);
    else await other.spawn("market:Trader", address, seed);
  }
  await fastForward([clock, ...others], { until: WEEK_S });
  return sales;
}

withCtx(
  {
    name: "a week of a market gives the same in one process and in four",
    transports: ["tcp", "unix"],
    timeoutMs: 60_000,
  },
  async (ctx) => {
    const alone = await week(ctx, []);
    assert(alone.length > 150, `${alone.length}`);
    assertEquals(await week(ctx, ["process", "worker", "process"]), alone);
  },
);

withCtx(
  {
    name: "fastForward skips no calls of three processes at one moment",
    transports: ["tcp", "unix"],
    timeoutMs: 60_000,
  },
  async (ctx) => {
    using clock = new ExternalClock("2024-01-01");
    await using home = await ctx.createContainer({ clock });
    const board = await home.spawn(Board);
    const kinds = ["process", "worker", "worker"] as const;
    const others = await Promise.all(
      kinds.map((kind) =>
        spawnIn(ctx, home, kind, { modules: MODULES, clock: CLOCK })
      ),
    );
    for (const count of [1, 128, 2_000]) {
      const start = clock.time();
      board.posts.clear();
      await Promise.all(
        others.map((it) => it.spawn("market:Poster", board.address, count)),
      );
      await fastForward([clock, ...others], { until: start + 2_700 });
      const expected = [900, 1_800, 2_700].map((it) => [start + it, 3 * count]);
      assertEquals([...board.posts], expected);
    }
  },
);

withCtx(
  {
    name: "a run goes on without a process that is killed, and is over with it",
    transports: ["tcp", "unix"],
    timeoutMs: 60_000,
  },
  async (ctx) => {
    using clock = new ExternalClock("2024-01-01");
    await using home = await ctx.createContainer({ clock });
    const exchange = await home.spawn(Exchange);
    const more = { modules: MODULES, clock: CLOCK };
    const spawned = await spawnIn(ctx, home, "process", more);
    const other = await spawnIn(ctx, home, "worker", more);
    await spawned.spawn("market:Trader", exchange.address, 1);
    await other.spawn("market:Trader", exchange.address, 2);
    clock.callAt(50_000, () => Deno.kill(spawned.pid!, "SIGKILL"));
    await fastForward([clock, spawned, other], { until: 86_400 });
    const sales = exchange.sales.map((it) => it.split(" "));
    const last = (name: string) =>
      sales.filter((it) => it[1] === name).map((it) => Number(it[0])).at(-1)!;
    assert(last("trader1") < 54_000, `${last("trader1")}`);
    assert(last("trader2") > 80_000, `${last("trader2")}`);
    assertEquals(clock.time(), 86_400);

    await fastForward([clock, spawned, other], { until: 90_000 });
    assertEquals(clock.time(), 90_000);
  },
);

withCtx(
  {
    name: "quiescent is over when the process is killed that was at work",
    transports: ["tcp"],
    timeoutMs: 60_000,
  },
  async (ctx) => {
    await using home = await ctx.createContainer();
    const { address } = await home.spawn(Exchange);
    const spawned = await spawnIn(ctx, home, "process", { modules: MODULES });
    const trader = await spawned.spawn<Trader>("market:Trader", address, 1);
    const calling = assertRejects(() => trader.won(1));
    // The exchange waits for its clock, and is not watched.
    await using caller = await ctx.createContainer();
    const ended = quiescent([caller, spawned], { signal: ctx.signal });
    const early = await Promise.race([
      ended.then(() => true),
      new Promise((resolve) => setTimeout(resolve, 50, false)),
    ]);
    assertEquals(early, false);
    Deno.kill(spawned.pid!, "SIGKILL");
    await calling;
    await ended;
  },
);

withCtx(
  {
    name: "clocks run together only if they can be set, from one time on",
    transports: ["tcp"],
    timeoutMs: 60_000,
  },
  async (ctx) => {
    using clock = new ExternalClock("2024-01-01");
    await using home = await ctx.createContainer({ clock });
    const other = await spawnIn(ctx, home, "worker", {
      modules: MODULES,
      clock: { utcStart: "2024-01-01", initTime: 5 },
    });
    await assertRejects(
      () => fastForward([clock, other]),
      RangeError,
      "one is at 0 s and another at 5 s",
    );
    const system = await spawnIn(ctx, home, "worker", { modules: MODULES });
    const error = await assertRejects(() => fastForward([clock, system]));
    assert(String(error).includes("it runs by itself"), String(error));
  },
);
