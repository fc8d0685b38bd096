import { assertEquals } from "@std/assert";
import { FakeTime } from "../../testing/fixtures/fake_time.ts";
import { useWorld, world } from "../../transports/internal.ts";
import { Timers } from "./_timers.ts";

Deno.test("Timers of all owners share one timer of the system", async () => {
  using time = new FakeTime();
  const fired: number[] = [];
  const start = performance.now();
  const all = [5_000, 30_000, 1_900].map((ms) => {
    const timers = new Timers();
    timers.start("test", ms, () => fired.push(performance.now() - start));
    return timers;
  });
  // A timer that fires early also serves timeouts that follow soon.
  new Timers().start(
    "test",
    1_000,
    () => fired.push(performance.now() - start),
  );
  assertEquals([time.timers, time.delays], [1, [1_000]]);
  await time.pass(2_000);
  assertEquals([fired, time.timers], [[1_000, 1_900], 1]);
  all[0]!.end();
  await time.pass(100_000);
  assertEquals([fired, time.timers], [[1_000, 1_900, 30_000], 0]);
  // The timer fires early once, and then exactly.
  assertEquals(time.delays, [1_000, 900, 3_100, 25_000]);
});

Deno.test("Timers share one timer of fake time, and not that of the time before", async () => {
  const before = new Timers();
  let fired = 0;
  before.start("before", 600_000, () => fired++);
  {
    using time = new FakeTime();
    const timers = new Timers();
    timers.start("fake", 60_000, () => fired++);
    assertEquals(time.timers, 1);
    await time.pass(60_000);
    assertEquals([fired, time.timers], [1, 0]);
    // Moved to a new alarm, since the old alarm belongs to another time.
    before.start("fake", 10, () => fired++);
    assertEquals(time.timers, 1);
    await time.pass(10);
    assertEquals([fired, time.timers], [2, 1]);
  }
  before.end();
});

Deno.test("Timers go on after those of another owner that throw", async () => {
  using time = new FakeTime();
  const fired: string[] = [];
  new Timers().start("bad", 10, () => {
    throw new RangeError("thrown by the test");
  });
  for (const name of ["a", "b"]) {
    new Timers().start(name, 10, () => fired.push(name));
  }
  await time.pass(10).catch((error) => fired.push(error.message));
  await time.pass(10);
  assertEquals(fired.sort(), ["a", "b", "thrown by the test"]);
  assertEquals(time.timers, 0);
});

Deno.test("Timers share nothing in a world whose orders are tried", () => {
  using time = new FakeTime();
  const restore = useWorld({ ...world, sharesTimers: false });
  const all = [new Timers(), new Timers()];
  for (const timers of all) timers.start("test", 10, () => {});
  assertEquals(time.timers, 2);
  for (const timers of all) timers.end();
  assertEquals(time.timers, 0);
  restore();
});

Deno.test("Timers keep the process alive while one of them does", () => {
  const refs: string[] = [];
  const timer = {
    stop: () => refs.push("stop"),
    ref: () => refs.push("ref"),
    unref: () => refs.push("unref"),
  };
  const restore = useWorld({ ...world, setTimer: () => timer });
  const [one, other] = [new Timers(), new Timers()];
  one.start("test", 10_000, () => {});
  const kept = one.start("kept", 20_000, () => {}, { keepsAlive: true });
  other.start("kept", 30_000, () => {}, { keepsAlive: true });
  assertEquals(refs, ["unref", "ref"]);
  kept.stop();
  other.unref();
  assertEquals(refs, ["unref", "ref", "unref"]);
  other.ref();
  other.end();
  one.end();
  assertEquals(refs, ["unref", "ref", "unref", "ref", "unref", "stop"]);
  restore();
});
