import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { encode as stdEncode } from "@std/msgpack";
import {
  type Random,
  randomBytes,
  randomInteger,
  seededRandom,
} from "../../../testing/network/random.ts";
import { pick, randomText, TEXT_PARTS } from "../fixtures/random_text.ts";
import { decodeMsgPack } from "./_decode.ts";
import { encodeMsgPack } from "./_encode.ts";
import { takeBack } from "./_output.ts";

const MIB = 1024 * 1024;

Deno.test("encodeMsgPack writes the bytes of @std/msgpack for random values", () => {
  const random = seededRandom(1);
  for (let run = 0; run < 10_000; run++) {
    const value = randomValue(random, 0);
    assertStrictEquals(
      encodeMsgPack(value).toHex(),
      stdEncode(widen(value)).toHex(),
      `run ${run}`,
    );
  }
});

const MAX_UINT32 = 0xffff_ffff;
const MIN_INT32 = -0x8000_0000;

/** `@std/msgpack` writes a number beyond 32 bits as a float, but no `bigint`. */
function widen(value: unknown): Parameters<typeof stdEncode>[0] {
  if (typeof value === "number") {
    const fits = value <= MAX_UINT32 && value >= MIN_INT32;
    return fits || !Number.isSafeInteger(value) ? value : BigInt(value);
  }
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(widen);
  if (typeof value !== "object" || value === null) {
    return value as Parameters<typeof stdEncode>[0];
  }
  return Object.fromEntries(
    Object.entries(value).map(([key, it]) => [key, widen(it)]),
  );
}

Deno.test("encodeMsgPack uses the memory of a large payload again if it is taken back", () => {
  const [kept, released] = [1, 2].map((fill) =>
    encodeMsgPack(new Uint8Array(MIB).fill(fill))
  );
  const copy = kept!.slice();
  takeBack(released!);
  // None is taken back: the same again, foreign bytes, a small message.
  takeBack(released!);
  takeBack(kept!.subarray());
  takeBack(encodeMsgPack(1));
  const buffers = [3, 4].map((fill) => {
    const payload = encodeMsgPack(new Uint8Array(MIB).fill(fill));
    assertEquals(decodeMsgPack(payload), new Uint8Array(MIB).fill(fill));
    return payload.buffer;
  });
  assertStrictEquals(buffers[0], released!.buffer);
  assertNotStrictEquals(buffers[1], released!.buffer);
  assertEquals(kept, copy);
});

Deno.test("encodeMsgPack leaves small messages alone that it writes between large ones", () => {
  const random = seededRandom(4);
  const given = Array.from({ length: 500 }, (_, n) => {
    const isLarge = random() < 0.5;
    const bytes = isLarge
      ? randomInteger(random, 20_000, 40_000)
      : randomInteger(random, 0, 100);
    const value = [n, new Uint8Array(bytes).fill(n), "x".repeat(n % 50)];
    return { value, payload: encodeMsgPack(value) };
  });
  for (const { value, payload } of given) {
    assertEquals(decodeMsgPack(payload), value);
  }
  // Small messages share a buffer, despite large messages between them.
  const small = given.filter(({ payload }) => payload.length < 1_000);
  const buffers = new Set(small.map(({ payload }) => payload.buffer));
  assert(buffers.size < small.length / 50, String(buffers.size));
});

/** Returns a number of any size, often at the edge of a range. */
function randomNumber(random: Random): number {
  const near = 2 ** randomInteger(random, 0, 63) + randomInteger(random, -2, 2);
  const number = random() < 0.7 ? near : near * random();
  return random() < 0.5 ? number : -number;
}

/** Returns plain data, as a codec sees it. */
function randomValue(random: Random, depth: number): unknown {
  const size = randomInteger(random, 0, random() < 0.1 ? 20 : 4);
  const items = (): unknown[] =>
    Array.from({ length: size }, () => randomValue(random, depth + 1));
  switch (randomInteger(random, 0, depth > 4 ? 5 : 8)) {
    case 0:
    case 1:
      return randomNumber(random);
    case 2:
      return randomText(random, TEXT_PARTS);
    case 3:
      return pick(random, [null, true, false, NaN, -0, Infinity]);
    case 4:
      return BigInt.asIntN(64, BigInt(Math.trunc(randomNumber(random))));
    case 5:
      return randomBytes(random, size * randomInteger(random, 0, 30));
    case 6:
    case 7:
      return items();
    default:
      return Object.fromEntries(
        items().map((item) => [randomText(random, TEXT_PARTS), item]),
      );
  }
}
