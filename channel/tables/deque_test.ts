import { assertEquals } from "@std/assert";
import { Deque } from "./deque.ts";

Deno.test("Deque hands out what was pushed, in order", () => {
  const deque = new Deque<number>();
  assertEquals([deque.size, deque.shift()], [0, undefined]);
  const taken: (number | undefined)[] = [];
  for (let n = 0; n < 100; n++) {
    deque.push(n);
    if (n % 3 === 0) taken.push(deque.shift());
  }
  assertEquals(deque.first(2), [taken.length, taken.length + 1]);
  while (deque.size > 0) taken.push(deque.shift());
  assertEquals(taken, Array.from({ length: 100 }, (_, n) => n));
});

Deno.test("Deque.clear takes out what is left", () => {
  const deque = new Deque<string>();
  for (const item of ["a", "b", "c"]) deque.push(item);
  deque.shift();
  assertEquals(deque.clear(), ["b", "c"]);
  assertEquals([deque.size, deque.first(9)], [0, []]);
});

Deno.test("Deque empties a million items in a time that grows with their number", () => {
  const deque = new Deque<number>();
  for (let n = 0; n < 1_000_000; n++) deque.push(n);
  const start = performance.now();
  while (deque.size > 0) deque.shift();
  const tookMs = performance.now() - start;
  // `Array.shift` would take minutes.
  assertEquals(tookMs < 5_000, true, `${tookMs} ms`);
});
