import { assertEquals, assertRejects } from "@std/assert";
import { FakeTime } from "../../testing/fixtures/fake_time.ts";
import { Backoff } from "./backoff.ts";
import { pause } from "./_waits.ts";

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

for (const waitMs of [LONGEST_TIMEOUT_MS, 2 ** 33]) {
  Deno.test(`Backoff waits at least half of ${waitMs} ms`, async () => {
    using time = new FakeTime();
    const backoff = new Backoff({ initialMs: waitMs, maxMs: waitMs });
    let waits = 0;
    for (let round = 1; round <= 3; round++) {
      const waiting = backoff.wait(Infinity, undefined).then(() => waits++);
      await time.pass(waitMs / 2 - 1);
      assertEquals(waits, round - 1);
      await time.pass(waitMs / 2 + 1);
      await waiting;
    }
  });
}

Deno.test("Backoff of Infinity waits until it is aborted", async () => {
  using time = new FakeTime();
  const controller = new AbortController();
  const backoff = new Backoff({
    initialMs: Infinity,
    maxMs: Infinity,
  });
  const waiting = backoff.wait(Infinity, controller.signal);
  await time.pass(2 ** 40);
  controller.abort(new Error("enough"));
  await assertRejects(() => waiting, Error, "enough");
});

Deno.test("Backoff waits no longer than it is asked to", async () => {
  using time = new FakeTime();
  const backoff = new Backoff({ initialMs: 2 ** 40, maxMs: 2 ** 40 });
  const waiting = backoff.wait(10, undefined);
  await time.pass(10);
  await waiting;
});

Deno.test("pause of 2³¹ ms lasts that long", async () => {
  using time = new FakeTime();
  let isOver = false;
  const pausing = pause(2 ** 31, undefined).then(() => isOver = true);
  await time.pass(2 ** 31 - 1);
  assertEquals(isOver, false);
  await time.pass(1);
  await pausing;
});
