import { assert, assertEquals, assertThrows } from "@std/assert";
import { seededRandom } from "./_seeded_random.ts";

function draws(seed: number, count: number): number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => random());
}

Deno.test("seededRandom returns the same numbers for the same seed", () => {
  assertEquals(draws(7, 100), draws(7, 100));
  const first = [0, 1, -1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1].map((seed) =>
    draws(seed, 1)[0]
  );
  assertEquals(new Set(first).size, first.length);
});

Deno.test("seededRandom spreads its numbers evenly from 0 to below 1", () => {
  for (const seed of [0, 1, 2]) {
    const counts = new Array(16).fill(0);
    for (const number of draws(seed, 16_000)) {
      assert(number >= 0 && number < 1);
      counts[Math.floor(number * 16)]++;
    }
    // Six standard deviations of 1,000 hits.
    for (const count of counts) {
      assert(Math.abs(count - 1_000) < 190, `${counts}`);
    }
  }
});

Deno.test("seededRandom refuses a seed that is no integer", () => {
  for (const seed of [0.5, NaN, 2 ** 60]) {
    assertThrows(() => seededRandom(seed), RangeError, `${seed}`);
  }
});
