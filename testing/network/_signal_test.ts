import { assertEquals } from "@std/assert";
import { Signal } from "./_signal.ts";

Deno.test("Signal.wait ends at a notification, or when its time is over", async () => {
  const signal = new Signal();
  const waiting = signal.wait();
  signal.notify();
  await waiting;
  await signal.wait(1);
});

Deno.test("Signal.wait waits for as long as it is told, without a timer that overflows", async () => {
  for (const timeMs of [2 ** 31, 2 ** 33, Infinity]) {
    const signal = new Signal();
    let isOver = false;
    const waiting = signal.wait(timeMs).then(() => isOver = true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(isOver, false);
    signal.notify();
    await waiting;
  }
});
