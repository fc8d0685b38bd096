import { assertEquals } from "@std/assert";
import { Bell } from "./_signal.ts";

Deno.test("Bell.wait ends when it rings, or when its time is over", async () => {
  const bell = new Bell();
  const waiting = bell.wait();
  bell.ring();
  await waiting;
  await bell.wait(1);
});

Deno.test("Bell.wait waits for as long as it is told, without a timer that overflows", async () => {
  for (const timeMs of [2 ** 31, 2 ** 33, Infinity]) {
    const bell = new Bell();
    let isOver = false;
    const waiting = bell.wait(timeMs).then(() => isOver = true);
    await new Promise((resolve) => setTimeout(resolve, 5));
    assertEquals(isOver, false);
    bell.ring();
    await waiting;
  }
});
