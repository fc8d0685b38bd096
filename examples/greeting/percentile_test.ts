import { assertEquals } from "@std/assert";
import { percentile } from "./percentile.ts";

Deno.test("percentile() takes the value of the nearest rank", () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assertEquals(percentile(hundred, 50), 50);
  assertEquals(percentile(hundred, 99), 99);
  assertEquals(percentile([1, 2, 3], 50), 2);
  assertEquals(percentile([1, 2, 3], 99), 3);
  assertEquals(percentile([7], 1), 7);
});

Deno.test("percentile() of nothing is not a number", () => {
  assertEquals(percentile([], 50), NaN);
});
