import { assert, assertEquals } from "@std/assert";
import { seededRandom } from "../../testing/network/random.ts";
import { collide, hashKey } from "./_colliding_keys.ts";

/** Returns `count` keys whose hashes have the same last 9 bits. */
function oneBucket<K extends number | bigint>(
  count: number,
  make: (n: number) => K,
): K[] {
  const keys: K[] = [];
  for (let n = 0; keys.length < count; n++) {
    const key = make(n);
    if ((hashKey(key) & 0x1ff) === 7) keys.push(key);
  }
  return keys;
}

/**
 * Returns the best of three times to put all keys into a set, in milliseconds.
 */
function fillMs(keys: readonly unknown[]): number {
  const times = [1, 2, 3].map(() => {
    const start = performance.now();
    new Set(keys);
    return performance.now() - start;
  });
  return Math.min(...times);
}

const makers: Record<string, (n: number) => number | bigint> = {
  integers: (n) => n - 1_000_000,
  "large integers": (n) => n + 2 ** 40,
  fractions: (n) => n + 0.5,
  bigints: (n) => BigInt(n) - 1_000n,
};

for (const [name, make] of Object.entries(makers)) {
  Deno.test(`collide() finds ${name} of one bucket, and bears others`, () => {
    const honest = Array.from({ length: 400 }, (_, n) => make(n));
    assertEquals(collide(honest), false);
    const chosen = oneBucket(400, make);
    assertEquals(collide(chosen), true);
    // Additional strings do not change the result.
    assertEquals(collide(chosen.flatMap((key) => [key, `${key}`])), true);
    // Verifies that the engine hashes as this code assumes.
    assert(fillMs(chosen) > 5 * fillMs(honest));
  });
}

Deno.test("collide() bears few keys, random ones, and those of other types", () => {
  assertEquals(collide(oneBucket(64, (n) => n)), false);
  const random = seededRandom(1);
  const keys = Array.from({ length: 50_000 }, () => random() * 2 ** 32 | 0);
  assertEquals(collide(keys), false);
  assertEquals(collide(keys.map((key) => key / 7)), false);
  assertEquals(collide(keys.map(String)), false);
  assertEquals(collide([NaN, Infinity, -Infinity, -0, null, {}, true]), false);
});
