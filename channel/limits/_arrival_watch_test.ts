import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "../../testing/fixtures/fake_time.ts";
import { Timers } from "../timers/_timers.ts";
import { ArrivalWatch } from "./_arrival_watch.ts";
import { DEFAULT_LIMITS } from "./limits.ts";

const NEVER = {
  firstFrameMs: Infinity,
  slowFrameMs: Infinity,
  idleMs: Infinity,
};
const MIB = 1024 * 1024;

/** A channel to which nothing comes but what a test says. */
class Quiet {
  busy = false;
  readonly cut = Promise.withResolvers<string>();
  readonly start = performance.now();
  readonly timers = new Timers();
  readonly watch: ArrivalWatch;

  constructor(limits: Partial<typeof NEVER>) {
    const { firstFrameMs, slowFrameMs, idleMs } = { ...NEVER, ...limits };
    this.watch = new ArrivalWatch({
      limits: {
        frames: { ...DEFAULT_LIMITS.frames, timeoutMs: slowFrameMs },
        connections: { ...DEFAULT_LIMITS.connections, firstFrameMs, idleMs },
      },
      isAccepted: true,
      timers: this.timers,
      isBusy: () => this.busy,
      cut: (reason) => this.cut.resolve(reason),
    });
  }

  /** Why it is cut, and when, in milliseconds. */
  async end(): Promise<{ reason: string; afterMs: number }> {
    // The timer of the watch keeps no process alive.
    const alive = setInterval(() => {}, 1_000);
    const reason = await this.cut.promise;
    clearInterval(alive);
    return { reason, afterMs: performance.now() - this.start };
  }

  [Symbol.dispose](): void {
    this.timers.end();
  }
}

Deno.test("ArrivalWatch cuts a peer that never says anything", async () => {
  using quiet = new Quiet({ firstFrameMs: 20 });
  assertEquals((await quiet.end()).reason, "first-frame");
});

Deno.test("ArrivalWatch sets no timer once the first frame has come", () => {
  using time = new FakeTime();
  using quiet = new Quiet({ firstFrameMs: 60_000 });
  assertEquals(time.timers, 1);
  quiet.watch.frame();
  assertEquals(time.timers, 0);
});

Deno.test("ArrivalWatch cuts a peer whose frame does not become whole", async () => {
  using quiet = new Quiet({ firstFrameMs: 10, slowFrameMs: 40 });
  quiet.watch.partial(1);
  quiet.watch.partial(2);
  const { reason, afterMs } = await quiet.end();
  assertEquals(reason, "slow-frame");
  assert(afterMs >= 39, `${afterMs} ms`);
});

Deno.test("ArrivalWatch gives a frame as long again for each MiB", async () => {
  using quiet = new Quiet({ slowFrameMs: 20 });
  quiet.watch.partial(100);
  quiet.watch.partial(4 * MIB);
  const { reason, afterMs } = await quiet.end();
  assertEquals(reason, "slow-frame");
  assert(afterMs >= 99, `${afterMs} ms`);
});

Deno.test("ArrivalWatch measures each frame by itself", async () => {
  using quiet = new Quiet({ slowFrameMs: 40, idleMs: 100 });
  quiet.watch.partial(1);
  quiet.watch.frame();
  // Whole frames are no slow ones, however long ago the last part was.
  assertEquals((await quiet.end()).reason, "idle");
});

Deno.test("ArrivalWatch cuts an idle peer, but none that waits for an answer", async () => {
  using quiet = new Quiet({ idleMs: 20 });
  quiet.busy = true;
  setTimeout(() => quiet.busy = false, 70);
  const { reason, afterMs } = await quiet.end();
  assertEquals(reason, "idle");
  assert(afterMs >= 69, `${afterMs} ms`);
});

Deno.test("ArrivalWatch takes its own process being busy for no silence", async () => {
  using quiet = new Quiet({ slowFrameMs: 20 });
  quiet.watch.partial(1);
  const until = performance.now() + 1_100;
  while (performance.now() < until);
  // What had arrived is read after the timer's time has come.
  setTimeout(() => quiet.watch.frame(), 10);
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
