import { assert, assertEquals } from "@std/assert";
import known from "./guard.json" with { type: "json" };
import { nameOfComparison } from "./_compare.ts";
import { GUARDED } from "./comparisons.ts";
import { hasFallen, speedOf } from "./guard.ts";

Deno.test("hasFallen sees a fall by more than three tenths", () => {
  assert(!hasFallen(1, 0.9));
  assert(!hasFallen(0.7, 1));
  assert(hasFallen(0.69, 1));
});

Deno.test("speedOf turns ratios of times around, and no others", () => {
  const [sequential, loaded] = GUARDED;
  assertEquals(speedOf(sequential!, 1.25), 0.8);
  assertEquals(speedOf(loaded!, 0.9), 0.9);
});

Deno.test("guard.json has a speed for each comparison of the guard", () => {
  assertEquals(Object.keys(known.speeds), GUARDED.map(nameOfComparison));
});
