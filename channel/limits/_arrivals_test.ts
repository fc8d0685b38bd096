import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "../../testing/fixtures/fake_time.ts";
import { Timers } from "../timers/_timers.ts";
import { type ChannelContext, ChannelCounters } from "../_context.ts";
import { Arrivals } from "./_arrivals.ts";
import { UNBOUNDED } from "./_token_bucket.ts";
import { Budget } from "./budget.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

const NEVER = {
  firstFrameMs: Infinity,
  slowFrameMs: Infinity,
  idleMs: Infinity,
};
const MIB = 1024 * 1024;

/** A channel to which only the bytes of a test arrive. */
class Quiet {
  busy = false;
  readonly cut = Promise.withResolvers<string>();
  readonly start = performance.now();
  readonly timers = new Timers();
  readonly arrivals: Arrivals;

  constructor(limits: Partial<typeof NEVER>) {
    const { firstFrameMs, slowFrameMs, idleMs } = { ...NEVER, ...limits };
    const channel = {
      limits: {
        ...DEFAULT_LIMITS,
        frames: { ...DEFAULT_LIMITS.frames, timeoutMs: slowFrameMs },
        connections: { ...DEFAULT_LIMITS.connections, firstFrameMs, idleMs },
      },
      options: { onHeard: () => {}, requestRate: UNBOUNDED },
      hooks: {},
      budget: new Budget(Infinity),
      counts: new ChannelCounters(),
      timers: this.timers,
      isBusy: () => this.busy,
      cutOver: (reason: string) => this.cut.resolve(reason),
    };
    this.arrivals = new Arrivals(channel as unknown as ChannelContext);
  }

  /** Resolves to why the channel is cut, and after how many milliseconds. */
  async end(): Promise<{ reason: string; afterMs: number }> {
    // The timers do not keep the process alive.
    const alive = setInterval(() => {}, 1_000);
    const reason = await this.cut.promise;
    clearInterval(alive);
    return { reason, afterMs: performance.now() - this.start };
  }

  [Symbol.dispose](): void {
    this.timers.end();
  }
}

Deno.test("Arrivals cuts a peer that never says anything", async () => {
  using quiet = new Quiet({ firstFrameMs: 20 });
  assertEquals((await quiet.end()).reason, "first-frame");
});

Deno.test("Arrivals sets no timer once the first frame has come", () => {
  using time = new FakeTime();
  using quiet = new Quiet({ firstFrameMs: 60_000 });
  assertEquals(time.timers, 1);
  quiet.arrivals.frame(1);
  assertEquals(time.timers, 0);
});

Deno.test("Arrivals cuts a peer whose frame does not become whole", async () => {
  using quiet = new Quiet({ firstFrameMs: 10, slowFrameMs: 40 });
  quiet.arrivals.partial(1);
  quiet.arrivals.partial(2);
  const { reason, afterMs } = await quiet.end();
  assertEquals(reason, "slow-frame");
  assert(afterMs >= 39, `${afterMs} ms`);
});

Deno.test("Arrivals gives a frame as long again for each MiB", async () => {
  using quiet = new Quiet({ slowFrameMs: 20 });
  quiet.arrivals.partial(100);
  quiet.arrivals.partial(4 * MIB);
  const { reason, afterMs } = await quiet.end();
  assertEquals(reason, "slow-frame");
  assert(afterMs >= 99, `${afterMs} ms`);
});

Deno.test("Arrivals measures each frame by itself", async () => {
  using quiet = new Quiet({ slowFrameMs: 40, idleMs: 100 });
  quiet.arrivals.partial(1);
  quiet.arrivals.frame(1);
  // Whole frames are not slow, however long ago the last part arrived.
  assertEquals((await quiet.end()).reason, "idle");
});

Deno.test("Arrivals cuts an idle peer, but none that waits for an answer", async () => {
  using quiet = new Quiet({ idleMs: 20 });
  quiet.busy = true;
  setTimeout(() => quiet.busy = false, 70);
  const { reason, afterMs } = await quiet.end();
  assertEquals(reason, "idle");
  assert(afterMs >= 69, `${afterMs} ms`);
});

Deno.test("Arrivals takes its own process being busy for no silence", async () => {
  using quiet = new Quiet({ slowFrameMs: 20 });
  quiet.arrivals.partial(1);
  const until = performance.now() + 1_100;
  while (performance.now() < until);
  // Bytes that had arrived are read after the timer is due.
  setTimeout(() => quiet.arrivals.frame(1), 10);
  const cut = quiet.end();
  const late = Promise.withResolvers<string>();
  const timer = setTimeout(() => late.resolve("went on"), 600);
  assertEquals(
    await Promise.race([cut.then(({ reason }) => reason), late.promise]),
    "went on",
  );
  clearTimeout(timer);
  quiet.cut.resolve("");
  await cut;
});
