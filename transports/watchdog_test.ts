import { assert, assertEquals } from "@std/assert";
import { Watchdog } from "./watchdog.ts";

/** Keeps this process from hearing anything. */
function beBusy(ms: number): void {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** A `Watchdog` does not keep the process alive; this does. */
async function barks(timeMs: number): Promise<number> {
  const start = performance.now();
  const { promise, resolve } = Promise.withResolvers<void>();
  const alive = setInterval(() => {}, 1_000);
  new Watchdog(timeMs, resolve);
  await promise;
  clearInterval(alive);
  return performance.now() - start;
}

Deno.test("Watchdog fires after its time", async () => {
  const tookMs = await barks(80);
  assert(tookMs >= 79, `${tookMs} ms`);
});

Deno.test("Watchdog does not count time in which the process was busy", async () => {
  const barking = barks(400);
  beBusy(600);
  const tookMs = await barking;
  assert(tookMs >= 999, `${tookMs} ms`);
});

Deno.test("Watchdog that is busy at the end of its time waits once more", async () => {
  const start = performance.now();
  let busyUntil = 0;
  const busy = setTimeout(() => {
    beBusy(200);
    busyUntil = performance.now();
  }, 75);
  await barks(80);
  clearTimeout(busy);
  assert(busyUntil > start);
  assert(performance.now() - busyUntil >= 9);
});

Deno.test("Watchdog that was stopped does not fire", async () => {
  let count = 0;
  const watchdog = new Watchdog(16, () => count++);
  watchdog.stop();
  watchdog.stop();
  await barks(40);
  assertEquals(count, 0);
});

Deno.test("Watchdog of Infinity or 2³¹ ms does not fire", async () => {
  let count = 0;
  const watchdogs = [Infinity, 2 ** 31, 2 ** 35].map((timeMs) =>
    new Watchdog(timeMs, () => count++)
  );
  await barks(40);
  assertEquals(count, 0);
  for (const watchdog of watchdogs) watchdog.stop();
});
