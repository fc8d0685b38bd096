import { assertEquals } from "@std/assert";
import { Timer } from "./timer.ts";

/** Runs `test` with a `setTimeout` that only records what it was asked for. */
function withFakeTimers(
  test: (asked: { waitMs: number; fire: () => void }[]) => void,
): void {
  const { setTimeout: realSet, clearTimeout: realClear } = globalThis;
  const asked: { waitMs: number; fire: () => void }[] = [];
  globalThis.setTimeout = ((fire: () => void, waitMs: number) => {
    asked.push({ waitMs, fire });
    return { ref() {}, unref() {} };
  }) as unknown as typeof setTimeout;
  globalThis.clearTimeout = (() => {}) as typeof clearTimeout;
  try {
    test(asked);
  } finally {
    globalThis.setTimeout = realSet;
    globalThis.clearTimeout = realClear;
  }
}

Deno.test("Timer fires once after a short wait", async () => {
  let fired = 0;
  await new Promise<void>((resolve) => {
    new Timer(1, () => {
      fired++;
      resolve();
    });
  });
  assertEquals(fired, 1);
});

Deno.test("Timer does not fire after stop", async () => {
  let fired = 0;
  const timer = new Timer(0, () => fired++);
  timer.stop();
  timer.stop();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals(fired, 0);
});

Deno.test("Timer waits longer than setTimeout can hold", () => {
  withFakeTimers((asked) => {
    let fired = 0;
    new Timer(2 ** 31 + 5, () => fired++);
    assertEquals(asked.map(({ waitMs }) => waitMs), [2 ** 31 - 1]);
    asked[0]!.fire();
    assertEquals(fired, 0);
    assertEquals(asked[1]!.waitMs, 6);
    asked[1]!.fire();
    assertEquals(fired, 1);
  });
});

Deno.test("Timer with Infinity sets no timer", () => {
  withFakeTimers((asked) => {
    new Timer(Infinity, () => {}).stop();
    assertEquals(asked, []);
  });
});
