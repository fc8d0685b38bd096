import {
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { testMsgPackCodec } from "../../fixtures/msgpack_suite.ts";
import { msgpack } from "../msgpack.ts";
import {
  type Random,
  randomBytes,
  randomInteger,
  seededRandom,
} from "../../../../testing/network/random.ts";
import { pick, randomText, TEXT_PARTS } from "../../fixtures/random_text.ts";
import { fastMsgpack } from "./fast_msgpack.ts";

const MIB = 1024 * 1024;
const fast = fastMsgpack();
const reference = msgpack();

testMsgPackCodec("fastMsgpack", fast);

Deno.test("fastMsgpack writes the bytes of msgpack for random values", () => {
  const random = seededRandom(1);
  for (let run = 0; run < 10_000; run++) {
    const value = randomValue(random, 0);
    assertStrictEquals(
      (fast.encode(value) as Uint8Array).toHex(),
      (reference.encode(value) as Uint8Array).toHex(),
      `run ${run}`,
    );
  }
});

Deno.test("fastMsgpack uses the memory of a large payload again if it is given back", () => {
  const codec = fastMsgpack();
  const [kept, released] = [1, 2].map((fill) =>
    codec.encode(new Uint8Array(MIB).fill(fill)) as Uint8Array
  );
  const copy = kept!.slice();
  codec.release!(released!);
  // Neither a second time, nor bytes of others, nor small ones.
  codec.release!(released!);
  codec.release!(kept!.subarray());
  codec.release!(codec.encode(1) as Uint8Array);
  const buffers = [3, 4].map((fill) => {
    const payload = codec.encode(new Uint8Array(MIB).fill(fill)) as Uint8Array;
    assertEquals(codec.decode(payload), new Uint8Array(MIB).fill(fill));
    return payload.buffer;
  });
  assertStrictEquals(buffers[0], released!.buffer);
  assertNotStrictEquals(buffers[1], released!.buffer);
  assertEquals(kept, copy);
});

/** A number of any size, and often at an edge of one. */
function randomNumber(random: Random): number {
  const near = 2 ** randomInteger(random, 0, 63) + randomInteger(random, -2, 2);
  const number = random() < 0.7 ? near : near * random();
  return random() < 0.5 ? number : -number;
}

/** Plain data, as a codec sees it. */
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
