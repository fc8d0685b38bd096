import { assert, assertEquals } from "@std/assert";
import { FakeTime } from "../../testing/fixtures/fake_time.ts";
import { Alarm } from "./_alarm.ts";

/** An alarm, and when it rang, counted from now on. */
function makeAlarm(): { alarm: Alarm; rang: number[] } {
  const rang: number[] = [];
  const start = performance.now();
  const alarm = new Alarm(() => rang.push(performance.now() - start));
  return { alarm, rang };
}

Deno.test("Alarm rings once, at the earliest time it was set for", async () => {
  using time = new FakeTime();
  const { alarm, rang } = makeAlarm();
  const now = performance.now();
  for (const at of [30, 10, 20]) alarm.set(now + at);
  assertEquals([alarm.isSet, time.timers], [true, 1]);
  await time.pass(100);
  assertEquals([rang, alarm.isSet], [[10], false]);
});

Deno.test("Alarm rings soon if its time is past", async () => {
  using time = new FakeTime();
  const { alarm, rang } = makeAlarm();
  alarm.set(performance.now() - 5);
  assertEquals(rang, []);
  await time.pass(1);
  assertEquals(rang, [1]);
});

Deno.test("Alarm does not ring once cleared, and can be set again", async () => {
  using time = new FakeTime();
  const { alarm, rang } = makeAlarm();
  alarm.clear();
  alarm.set(performance.now() + 5);
  alarm.clear();
  assertEquals([alarm.isSet, time.timers], [false, 0]);
  await time.pass(10);
  alarm.set(performance.now() + 5);
  await time.pass(10);
  assertEquals(rang, [15]);
});

Deno.test("Alarm waits for a time that no timer of the system can hold", async () => {
  using time = new FakeTime();
  const { alarm, rang } = makeAlarm();
  alarm.set(performance.now() + 2 ** 40);
  await time.pass(2 ** 40);
  assertEquals(rang, [2 ** 40]);
  alarm.set(Infinity);
  assert(alarm.isSet);
});
