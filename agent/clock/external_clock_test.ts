import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { usedHeapBytes } from "../../channel/fixtures/heap.ts";
import type { ErrorContext } from "../../channel/report.ts";
import { withCtx } from "../../testing/ctx.ts";
import { ClockClosedError } from "../errors.ts";
import { ExternalClock } from "./external_clock.ts";
import { testClock } from "../fixtures/clock_contract.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";

testClock("ExternalClock", (options) => {
  const clock = new ExternalClock("2024-01-01", { ...options, initTime: 1 });
  return {
    clock,
    async pass(seconds) {
      clock.setTime(clock.time() + seconds);
      await nextTurn();
    },
    [Symbol.dispose]: () => {},
  };
});

Deno.test("ExternalClock stands still until it is set", async () => {
  const clock = new ExternalClock("2024-01-01T00:00:00Z");
  assertEquals([clock.time(), clock.utcNow()], [0, new Date("2024-01-01")]);
  await nextTurn();
  assertEquals(clock.time(), 0);
  clock.setTime(0.57);
  assertEquals(clock.time(), 0.57);
  assertEquals(clock.utcNow().toISOString(), "2024-01-01T00:00:00.570Z");
});

Deno.test("ExternalClock takes its start for the date of time 0", () => {
  const clock = new ExternalClock(new Date("2024-01-01"), { initTime: 60 });
  assertEquals(clock.time(), 60);
  assertEquals(clock.utcNow().toISOString(), "2024-01-01T00:01:00.000Z");
});

Deno.test("ExternalClock may begin before time 0", async () => {
  const clock = new ExternalClock("2024-01-01", { initTime: -10 });
  const sleep = clock.sleepUntil(-5);
  clock.setTime(-5);
  await sleep;
  assertEquals(clock.utcNow().toISOString(), "2023-12-31T23:59:55.000Z");
});

Deno.test("ExternalClock keeps its start, whatever becomes of the date given", () => {
  const start = new Date("2024-01-01");
  const clock = new ExternalClock(start);
  start.setFullYear(1999);
  assertEquals(clock.utcNow().getUTCFullYear(), 2024);
});

Deno.test("ExternalClock refuses a start that is no date, and a time that is none", () => {
  for (const bad of ["", "soon", "2024-02-30", new Date(NaN)]) {
    assertThrows(() => new ExternalClock(bad), RangeError, "Cannot use");
  }
  for (const initTime of [NaN, Infinity]) {
    assertThrows(
      () => new ExternalClock("2024-01-01", { initTime }),
      RangeError,
      "finite",
    );
  }
});

Deno.test("ExternalClock.setTime refuses a time that is not later", () => {
  const clock = new ExternalClock("2024-01-01");
  clock.setTime(5);
  for (const bad of [5, 4, -1, NaN, Infinity]) {
    assertThrows(() => clock.setTime(bad), RangeError, `${bad}`);
  }
  assertEquals(clock.time(), 5);
  clock.close();
  assertThrows(() => clock.setTime(6), ClockClosedError, "6 s");
  assertEquals(clock.time(), 5);
});

Deno.test("ExternalClock refuses to wait for a time that is not in the future", async () => {
  const clock = new ExternalClock("2024-01-01", { initTime: 10 });
  const nothing = () => {};
  for (const bad of [0, -1, Number.MIN_VALUE]) {
    await assertRejects(() => clock.sleep(bad), RangeError, `${bad} s`);
    assertThrows(() => clock.callIn(bad, nothing), RangeError, `${bad} s`);
  }
  for (const bad of [10, 9, -1, clock.utcNow(), new Date(0)]) {
    await assertRejects(() => clock.sleepUntil(bad), RangeError, "future");
    assertThrows(() => clock.callAt(bad, nothing), RangeError, "future");
  }
  assertEquals(clock.waiting, 0);
});

Deno.test("ExternalClock shows who is woken the time that was set", async () => {
  const clock = new ExternalClock("2024-01-01");
  const seen: [string, number][] = [];
  const sleeps = [4, 1, 3].map((due) =>
    clock.sleep(due).then(() => void seen.push([`sleep ${due}`, clock.time()]))
  );
  clock.callAt(2, () => seen.push(["call 2", clock.time()]));
  clock.setTime(5);
  // No code runs while the time is being set.
  assertEquals(seen, []);
  await Promise.all(sleeps);
  assertEquals(seen, [
    ["sleep 1", 5],
    ["call 2", 5],
    ["sleep 3", 5],
    ["sleep 4", 5],
  ]);
});

Deno.test("ExternalClock takes what is woken by it for the time that was set", async () => {
  const clock = new ExternalClock("2024-01-01");
  const woken = clock.sleep(1).then(async () => {
    await assertRejects(() => clock.sleepUntil(3), RangeError, "future");
    await clock.sleepUntil(6);
  });
  clock.setTime(5);
  await nextTurn();
  assertEquals(clock.nextDue, 6);
  clock.setTime(6);
  await woken;
});

Deno.test("ExternalClock can be set by one that it wakes", async () => {
  const clock = new ExternalClock("2024-01-01");
  const seen: number[] = [];
  clock.callAt(1, () => clock.setTime(3));
  clock.callAt(1, () => seen.push(clock.time()));
  clock.callAt(2, () => seen.push(clock.time()));
  clock.setTime(1);
  await nextTurn();
  assertEquals(seen, [3, 3]);
});

Deno.test("ExternalClock names itself when a callback throws", async () => {
  const reported: ErrorContext[] = [];
  const clock = new ExternalClock("2024-01-01", {
    onError: (_, context) => void reported.push(context),
  });
  clock.callIn(1, () => {
    throw new Error("of the callback");
  });
  clock.setTime(1);
  await nextTurn();
  assertEquals(reported, [{ kind: "callback", address: "external clock" }]);
});

Deno.test("ExternalClock holds on to nothing that no longer waits", async () => {
  const clock = new ExternalClock("2024-01-01");
  const { signal } = new AbortController();
  await waitManyTimes(clock, signal);
  const before = await usedHeapBytes();
  for (let round = 0; round < 20; round++) await waitManyTimes(clock, signal);
  const grown = await usedHeapBytes() - before;
  // One kept reference for each of 100,000 waits would take far more.
  assertEquals(grown < 500_000, true, `${grown} bytes are held`);
});

/** Sleeps, calls, and calls that are cancelled while their handles are kept. */
async function waitManyTimes(
  clock: ExternalClock,
  signal: AbortSignal,
): Promise<void> {
  const waits = Array.from({ length: 2_500 }, () => {
    const ballast = new Uint8Array(64);
    clock.callIn(1, () => ballast).cancel();
    clock.callIn(1, () => ballast);
    return clock.sleep(1, { signal });
  });
  clock.setTime(clock.time() + 1);
  await Promise.all(waits);
}

withCtx("ExternalClock needs no closing when nobody waits for it", async () => {
  const clock = new ExternalClock("2024-01-01");
  const sleep = clock.sleep(1);
  clock.callIn(2, () => {}).cancel();
  clock.setTime(1);
  await sleep;
});
