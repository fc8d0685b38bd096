import { assert, assertFalse } from "@std/assert";
import { seededRandom } from "../../testing/network/random.ts";
import { TokenBucket } from "./_token_bucket.ts";

Deno.test("TokenBucket lets a burst through, then its rate", () => {
  const bucket = new TokenBucket(10, 500);
  for (let count = 0; count < 5; count++) assert(bucket.take(1, 0));
  assertFalse(bucket.take(1, 0));
  assertFalse(bucket.take(1, 99));
  assert(bucket.take(1, 100));
  assertFalse(bucket.take(1, 199));
});

Deno.test("TokenBucket saves up no more than a burst", () => {
  const bucket = new TokenBucket(10, 500);
  assert(bucket.take(5, 0));
  for (let count = 0; count < 5; count++) assert(bucket.take(1, 1e6));
  assertFalse(bucket.take(1, 1e6));
});

Deno.test("TokenBucket takes what is larger than a burst, and is paid later", () => {
  const bucket = new TokenBucket(1_000, 1_000);
  assert(bucket.take(3_000, 0));
  assertFalse(bucket.take(1, 1_999));
  assert(bucket.take(1, 2_001));
});

Deno.test("TokenBucket has no more than its rate let through in the long run", () => {
  const random = seededRandom(7);
  const bucket = new TokenBucket(100, 1_000);
  let now = 0;
  let taken = 0;
  for (let count = 0; count < 100_000; count++) {
    now += random() * 2;
    if (bucket.take(1, now)) taken++;
  }
  assert(Math.abs(taken - (100 + now / 10)) <= 2, `${taken} in ${now} ms`);
});

Deno.test("TokenBucket of Infinity allows everything", () => {
  const bucket = new TokenBucket(Infinity, 1_000);
  for (let count = 0; count < 3; count++) assert(bucket.take(1e9, 0));
});
