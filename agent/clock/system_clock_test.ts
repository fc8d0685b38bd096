import { assert, assertEquals } from "@std/assert";
import type { ErrorContext } from "../../channel/report.ts";
import { startProcess } from "../../transports/fixtures/start_process.ts";
import { seededRandom } from "../../testing/network/random.ts";
import { withCtx } from "../../testing/ctx.ts";
import { testClock } from "../fixtures/clock_contract.ts";
import { FakeTime } from "../../testing/fixtures/fake_time.ts";
import { WatchedSignal } from "../../channel/fixtures/watched_signal.ts";
import { SystemClock } from "./system_clock.ts";

testClock("SystemClock", (options) => {
  const time = new FakeTime();
  return {
    clock: new SystemClock(options),
    pass: (seconds) => time.pass(seconds * 1_000),
    [Symbol.dispose]: () => time[Symbol.dispose](),
  };
});

Deno.test("SystemClock sleeps in real time, and no less than it is told", async () => {
  using clock = new SystemClock();
  const start = performance.now();
  await clock.sleep(0.005);
  assert(performance.now() - start >= 5);
});

Deno.test("SystemClock tells the computer's date, and one time on all clocks", () => {
  const [one, other] = [new SystemClock(), new SystemClock()];
  const before = [one.time(), Date.now()] as const;
  const time = other.time();
  const date = other.utcNow().getTime();
  assert(before[0] <= time && time <= one.time());
  assert(before[1] <= date && date <= Date.now());
});

Deno.test("SystemClock takes a time that is past, and wakes in a later turn", async () => {
  using clock = new SystemClock();
  const woken: string[] = [];
  const waits = [
    clock.sleep(0).then(() => woken.push("sleep 0")),
    clock.sleep(-100).then(() => woken.push("sleep -100")),
    clock.sleepUntil(clock.time() - 200).then(() => woken.push("time")),
    clock.sleepUntil(new Date(0)).then(() => woken.push("date")),
    new Promise<void>((resolve) => {
      clock.callIn(-300, () => woken.push("in"));
      clock.callAt(clock.time() - 400, () => woken.push("at"));
      clock.callIn(0, resolve);
    }),
  ];
  await Promise.resolve();
  assertEquals(woken, []);
  await Promise.all(waits);
  assertEquals(woken, ["date", "at", "in", "time", "sleep -100", "sleep 0"]);
});

Deno.test("SystemClock has one timer for all waits, and none for none", async () => {
  using time = new FakeTime();
  using clock = new SystemClock();
  const timers = [3, 1, 2].map((it) => clock.callIn(it, () => {}));
  assertEquals(time.timers, 1);
  await time.pass(1_000);
  assertEquals([clock.waiting, time.timers], [2, 1]);
  for (const timer of timers) timer.cancel();
  assertEquals([clock.waiting, time.timers], [0, 0]);
  clock.callIn(1, () => {});
  clock.close();
  assertEquals(time.timers, 0);
});

Deno.test("SystemClock waits for longer than a timer of the system can", async () => {
  using time = new FakeTime();
  using clock = new SystemClock();
  const days = 60;
  let woken = false;
  const sleep = clock.sleep(days * 86_400).then(() => woken = true);
  await time.pass(days * 86_400_000 - 1);
  assertEquals(woken, false);
  await time.pass(1);
  assertEquals(woken, true);
  assert(time.delays.every((delay) => delay < 2 ** 31));
  await sleep;
});

Deno.test("SystemClock takes 100,000 sleeps with few timers and one listener", async () => {
  using time = new FakeTime();
  using clock = new SystemClock();
  const random = seededRandom(6);
  const watched = new WatchedSignal();
  const { signal } = watched;
  const sleeps = Array.from(
    { length: 100_000 },
    () => clock.sleep(1 + random() * 3_600, { signal }),
  );
  assertEquals([clock.waiting, time.timers], [100_000, 1]);
  // Only a wait that is earlier than all before resets the timer.
  assert(time.delays.length < 100, `${time.delays.length} timers were set`);
  const settled = Promise.allSettled(sleeps);
  watched.abort();
  assertEquals([clock.waiting, time.timers, watched.added], [0, 0, 1]);
  const results = await settled;
  assert(results.every(({ status }) => status === "rejected"));
});

Deno.test("SystemClock keeps its process alive as long as someone waits, and no longer", async () => {
  await using process = await startProcess(
    import.meta.resolve("../fixtures/sleeping_process.ts"),
  );
  assertEquals(process.line, "woken");
  assertEquals(await process.code, 0);
});

Deno.test("SystemClock names itself when a callback throws", async () => {
  const reported = Promise.withResolvers<ErrorContext>();
  using clock = new SystemClock({
    onError: (_, context) => reported.resolve(context),
  });
  clock.callIn(0, () => {
    throw new Error("of the callback");
  });
  assertEquals(await reported.promise, {
    kind: "callback",
    address: "system clock",
  });
});

withCtx("SystemClock given to ctx.use ends its waits with the step", (ctx) => {
  const clock = ctx.use(new SystemClock());
  clock.sleep(60).catch(() => {});
  clock.callIn(60, () => {});
});
