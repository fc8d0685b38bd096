import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { randomInteger, seededRandom } from "../../testing/network/random.ts";
import { ClockClosedError } from "../errors.ts";
import { ExternalClock } from "./external_clock.ts";
import { FakeTime } from "../../testing/fixtures/fake_time.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { WatchedSignal } from "../../channel/fixtures/watched_signal.ts";
import { fastForward, paceClock } from "./pace.ts";

function newClock(initTime = 0): ExternalClock {
  return new ExternalClock("2024-01-01", { initTime });
}

/** Sleeps repeatedly, and notes when it was woken. */
async function tick(
  clock: ExternalClock,
  seconds: number,
  times: number,
): Promise<number[]> {
  const woken: number[] = [];
  while (woken.length < times) {
    await clock.sleep(seconds);
    woken.push(clock.time());
  }
  return woken;
}

Deno.test("fastForward jumps from wait to wait until nobody waits", async () => {
  using clock = newClock();
  const ticks = [tick(clock, 2, 3), tick(clock, 3, 2), tick(clock, 86_400, 1)];
  await fastForward(clock);
  assertEquals(await Promise.all(ticks), [[2, 4, 6], [3, 6], [86_400]]);
  assertEquals(clock.time(), 86_400);
});

Deno.test("fastForward ends at 'until' exactly, whoever waits", async () => {
  using clock = newClock();
  const woken: number[] = [];
  clock.callAt(1, () => woken.push(clock.time()));
  await fastForward(clock, { until: 2.5 });
  assertEquals([clock.time(), woken], [2.5, [1]]);
  for (const due of [3, 4, 4.5]) {
    clock.callAt(due, () => woken.push(clock.time()));
  }
  await fastForward(clock, { until: 4 });
  // The waits due at the end have run.
  assertEquals([clock.time(), woken, clock.nextDue], [4, [1, 3, 4], 4.5]);
});

Deno.test("fastForward leaves a clock alone that is at 'until'", async () => {
  using clock = newClock(5);
  clock.callIn(1, () => {});
  await fastForward(clock, { until: 5 });
  assertEquals([clock.time(), clock.waiting], [5, 1]);
});

Deno.test("fastForward refuses an end that is past or none", async () => {
  using clock = newClock(5);
  const until = new Date("2024-01-02") as unknown as number;
  await assertRejects(
    () => fastForward(clock, { until }),
    TypeError,
    "not a date",
  );
  for (const until of [4, NaN, -Infinity]) {
    await assertRejects(() => fastForward(clock, { until }), RangeError);
    await assertRejects(() => paceClock(clock, { until }), RangeError);
  }
  assertEquals(clock.time(), 5);
});

Deno.test("fastForward waits for 'settle' before it jumps on", async () => {
  using clock = newClock();
  const seen: string[] = [];
  clock.callAt(1, () => seen.push("woken 1"));
  clock.callAt(2, () => seen.push("woken 2"));
  await fastForward(clock, {
    settle: async () => {
      for (let i = 0; i < 10; i++) await nextTurn();
      seen.push(`settled ${clock.time()}`);
    },
  });
  assertEquals(seen, [
    "settled 0",
    "woken 1",
    "settled 1",
    "woken 2",
    "settled 2",
  ]);
});

Deno.test("fastForward calls 'settle' when those woken have begun", async () => {
  using clock = newClock();
  const running = new Set<number>();
  const ended: number[] = [];
  const work = async (due: number) => {
    running.add(due);
    for (let i = 0; i < 10; i++) await nextTurn();
    ended.push(clock.time());
    running.delete(due);
  };
  for (const due of [1, 2, 3]) clock.callAt(due, () => work(due));
  const settle = async () => {
    while (running.size > 0) await nextTurn();
  };
  await fastForward(clock, { settle });
  assertEquals(ended, [1, 2, 3]);
});

Deno.test("fastForward rejects with what 'settle' throws", async () => {
  using clock = newClock();
  for (const settle of [() => Promise.reject(new Error("lost")), thrower]) {
    await assertRejects(() => fastForward(clock, { settle }), Error, "lost");
  }
});

function thrower(): never {
  throw new Error("lost");
}

Deno.test("fastForward and paceClock end when the signal aborts, even in 'settle'", async () => {
  for (const run of [fastForward, paceClock]) {
    using clock = newClock();
    const watched = new WatchedSignal();
    const { signal } = watched;
    clock.callIn(0.001, () => {});
    const entered = Promise.withResolvers<void>();
    const settle = () => {
      entered.resolve();
      return new Promise<void>(() => {});
    };
    const running = run(clock, { settle, signal });
    await entered.promise;
    watched.abort(new Error("enough"));
    await assertRejects(() => running, Error, "enough");
    assertEquals(watched.listening, 0);
    const reason = await run(clock, { signal }).catch((it) => it);
    assertEquals(reason === signal.reason, true);
  }
});

Deno.test("fastForward can be aborted where somebody always waits", async () => {
  using clock = newClock();
  const controller = new AbortController();
  const { signal } = controller;
  const again = () => {
    if (clock.time() < 500) clock.callIn(1, again);
    else if (clock.time() === 500) controller.abort(new Error("enough"));
  };
  again();
  clock.callAt(501, () => {});
  await assertRejects(() => fastForward(clock, { signal }), Error, "enough");
  assertEquals(clock.time(), 500);
});

Deno.test("fastForward and paceClock end when the clock is closed", async () => {
  for (const run of [fastForward, paceClock]) {
    const clock = newClock();
    clock.callIn(0.001, () => clock.close());
    await assertRejects(() => run(clock, { until: 9 }), ClockClosedError);
  }
});

Deno.test("fastForward wakes each at the very time it waited for", async () => {
  for (const seed of [1, 2, 3]) {
    using clock = newClock();
    const random = seededRandom(seed);
    const expected: number[] = [];
    const woken: number[] = [];
    const agents = Array.from({ length: 20 }, async () => {
      for (let i = 0; i < 20; i++) {
        const due = clock.time() + randomInteger(random, 1, 1_000) / 7;
        expected.push(due);
        await clock.sleepUntil(due);
        woken.push(clock.time());
      }
    });
    await fastForward(clock);
    await Promise.all(agents);
    assertEquals(woken, expected.sort((a, b) => a - b));
  }
});

/** Lets fake time pass while `running` runs, and returns when that ended. */
async function passUntilEnd(
  time: FakeTime,
  running: Promise<void>,
): Promise<number> {
  const start = performance.now();
  let isOver = false;
  const ended = running.finally(() => isOver = true);
  while (!isOver) {
    await time.pass(1);
    // Woken code takes some turns to settle.
    for (let i = 0; i < 20; i++) await nextTurn();
  }
  await ended;
  return performance.now() - start;
}

Deno.test("paceClock runs at a multiple of real time, and ends at 'until' exactly", async () => {
  for (const factor of [0.5, 1, 60]) {
    using time = new FakeTime();
    using clock = newClock(3);
    const until = 3 + 0.1234 * factor;
    const passed = await passUntilEnd(
      time,
      paceClock(clock, { factor, until }),
    );
    assertEquals(clock.time(), until);
    assert(passed >= 123 && passed <= 126, `${passed} ms`);
    assertEquals(time.timers, 0);
  }
});

Deno.test("paceClock wakes each at the very time it waited for, at any factor", async () => {
  using time = new FakeTime();
  using clock = newClock();
  const ticking = tick(clock, 0.25, 40);
  await passUntilEnd(time, paceClock(clock, { factor: 1_000, until: 10 }));
  const expected = Array.from({ length: 40 }, (_, i) => (i + 1) / 4);
  assertEquals(await ticking, expected);
});

Deno.test("paceClock does not wait for its tick if somebody is due before", async () => {
  using time = new FakeTime();
  using clock = newClock();
  let wokenAt = 0;
  clock.callAt(0.02, () => wokenAt = performance.now());
  const start = performance.now();
  await passUntilEnd(time, paceClock(clock, { until: 0.5, tickMs: 100 }));
  assert(wokenAt - start >= 20 && wokenAt - start <= 22);
});

Deno.test("paceClock moves the clock at each tick though nobody waits", async () => {
  using time = new FakeTime();
  using clock = newClock();
  const controller = new AbortController();
  const pacing = paceClock(clock, { signal: controller.signal, tickMs: 50 });
  for (let elapsed = 0; elapsed <= 0.2; elapsed += 0.05) {
    const lag = elapsed - clock.time();
    // Fake timers are rounded up to a millisecond, so one may be that much
    // late.
    assert(lag > -1e-9 && lag <= 0.051, `${lag} s behind`);
    await time.pass(50);
    for (let i = 0; i < 20; i++) await nextTurn();
  }
  controller.abort(new Error("enough"));
  await assertRejects(() => pacing, Error, "enough");
  assertEquals(time.timers, 0);
});

Deno.test("paceClock stands still while others have set the clock ahead", async () => {
  using time = new FakeTime();
  using clock = newClock();
  const pacing = paceClock(clock, { until: 0.2 });
  clock.setTime(0.1);
  await time.pass(60);
  assertEquals(clock.time(), 0.1);
  await passUntilEnd(time, pacing);
  assertEquals(clock.time(), 0.2);
});

Deno.test("paceClock refuses a factor or a tick that is not over 0", async () => {
  using clock = newClock();
  for (const bad of [0, -1, NaN, Infinity]) {
    const options = [{ factor: bad }, { tickMs: bad }];
    for (const it of options) {
      await assertRejects(() => paceClock(clock, it), RangeError, `${bad}`);
    }
  }
});

Deno.test("paceClock runs in real time", async () => {
  using clock = newClock();
  const ticking = tick(clock, 1, 5);
  const start = performance.now();
  await paceClock(clock, { factor: 1_000, until: 5 });
  assert(performance.now() - start >= 5);
  assertEquals([clock.time(), await ticking], [5, [1, 2, 3, 4, 5]]);
});

Deno.test("paceClock can be paused, goes step by step, and resumes where it was", async () => {
  using time = new FakeTime();
  using clock = newClock();
  const ticking = tick(clock, 1, 5);
  const pacing = paceClock(clock, { until: 5.5 });
  const pass = async (ms: number) => {
    for (let passed = 0; passed < ms; passed += 10) {
      for (let i = 0; i < 10; i++) await nextTurn();
      await time.pass(10);
    }
    for (let i = 0; i < 10; i++) await nextTurn();
  };
  await pass(500);
  assertThrows(() => pacing.step(), TypeError, "it runs");
  pacing.pause();
  await pass(1_000);
  const paused = clock.time();
  assert(paused >= 0.48 && paused <= 0.5, `${paused}`);
  await pacing.step();
  assertEquals(clock.time(), 1);
  const steps = Promise.all([pacing.step(), pacing.step()]);
  pacing.resume();
  await steps;
  assertEquals(clock.time(), 3);
  await pass(500);
  assert(clock.time() > 3.4 && clock.time() < 3.6, `${clock.time()}`);
  pacing.pause();
  await pacing.step();
  await pacing.step();
  await pacing.step();
  await pacing;
  assertEquals([clock.time(), await ticking], [5.5, [1, 2, 3, 4, 5]]);
  await pacing.step();
  assertEquals(time.timers, 0);
});

Deno.test("paceClock ends while it is paused, when its signal aborts or its clock is closed", async () => {
  using clock = newClock();
  clock.callIn(1, () => {});
  const controller = new AbortController();
  const pacing = paceClock(clock, { signal: controller.signal });
  pacing.pause();
  await nextTurn();
  controller.abort(new Error("enough"));
  await assertRejects(() => pacing, Error, "enough");
  const other = paceClock(clock);
  other.pause();
  await nextTurn();
  const stepping = other.step();
  clock.close();
  await stepping;
  other.resume();
  await assertRejects(() => other, ClockClosedError);
});
