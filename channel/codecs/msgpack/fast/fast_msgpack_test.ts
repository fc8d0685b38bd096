import {
  assert,
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
} from "../../../../testing/network/_random.ts";
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

Deno.test("fastMsgpack reads the values of msgpack from random payloads", () => {
  const random = seededRandom(2);
  const counts = { read: 0, refused: 0 };
  for (let run = 0; run < 15_000; run++) {
    const payload = Uint8Array.from(randomPayload(random, 0));
    counts[readAlike(random() < 0.5 ? payload : broken(random, payload))]++;
  }
  // Both ways out are exercised, or the payloads are worth nothing.
  assert(counts.read > 5_000, JSON.stringify(counts));
  assert(counts.refused > 4_000, JSON.stringify(counts));
});

Deno.test("fastMsgpack reads the values of msgpack from random bytes", () => {
  const random = seededRandom(3);
  for (let run = 0; run < 15_000; run++) {
    readAlike(randomBytes(random, randomInteger(random, 0, 24)));
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

/** Whether both codecs read `payload`; fails if they differ. */
function readAlike(payload: Uint8Array): "read" | "refused" {
  const [ours, theirs] = [fast, reference].map((codec) => {
    try {
      return { value: codec.decode(payload) };
    } catch (error) {
      assert(error instanceof SyntaxError);
      return { refused: error.message };
    }
  });
  assertEquals(ours, theirs, payload.toHex());
  // Says more than equality: the order of keys, and the sign of a zero.
  assertStrictEquals(Deno.inspect(ours, DEEP), Deno.inspect(theirs, DEEP));
  return "value" in ours! ? "read" : "refused";
}

const DEEP: Deno.InspectOptions = { depth: Infinity, iterableLimit: Infinity };

function pick<T>(random: Random, list: readonly T[]): T {
  return list[randomInteger(random, 0, list.length - 1)]!;
}

/** A number of any size, and often at an edge of one. */
function randomNumber(random: Random): number {
  const near = 2 ** randomInteger(random, 0, 63) + randomInteger(random, -2, 2);
  const number = random() < 0.7 ? near : near * random();
  return random() < 0.5 ? number : -number;
}

const PARTS = [
  "",
  "a",
  "é",
  "日本",
  "😀",
  "\0",
  "\ufeff",
  "\ufffd",
  "__proto__",
];

function randomText(random: Random): string {
  return pick(random, PARTS) +
    pick(random, PARTS).repeat(
      randomInteger(random, 0, random() < 0.1 ? 300 : 9),
    );
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
      return randomText(random);
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
        items().map((item) => [randomText(random), item]),
      );
  }
}

/** An integer as so many bytes. */
function bigEndian(value: number, length: number): number[] {
  return Array.from(
    { length },
    (_, index) => Math.floor(value / 256 ** (length - 1 - index)) % 256,
  );
}

/**
 * The head of something so long: the short form, whose types begin at `fixed`
 * and go to a length of `most`, or another from `type` on, `bytes` wide.
 */
function randomHead(
  random: Random,
  length: number,
  [fixed, most, type, widths]: readonly [number, number, number, number[]],
): number[] {
  if (length <= most && random() < 0.6) return [fixed | length];
  const fitting = widths.filter((width) => length < 256 ** width);
  const width = pick(random, fitting);
  return [type + widths.indexOf(width), ...bigEndian(length, width)];
}

const TEXT = [0xa0, 31, 0xd9, [1, 2, 4]] as const satisfies Head;
const BINARY = [0, -1, 0xc4, [1, 2, 4]] as const satisfies Head;
const LIST = [0x90, 15, 0xdc, [2, 4]] as const satisfies Head;
const MAP = [0x80, 15, 0xde, [2, 4]] as const satisfies Head;
type Head = Parameters<typeof randomHead>[2];

/** The widths of what follows the types of numbers, from 0xca on. */
const NUMBER_BYTES = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

/** A payload with each form that there is, also ones that nobody writes. */
function randomPayload(random: Random, depth: number): number[] {
  const size = randomInteger(random, 0, 4);
  switch (randomInteger(random, 0, depth > 4 ? 4 : 7)) {
    case 0:
      return [pick(random, [0xc0, 0xc2, 0xc3, 0, 0x7f, 0xe0, 0xff])];
    case 1: {
      const index = randomInteger(random, 0, NUMBER_BYTES.length - 1);
      const bytes = randomBytes(random, NUMBER_BYTES[index]!);
      return [0xca + index, ...bytes];
    }
    case 2:
    case 3:
      return randomTextPayload(random);
    case 4:
      return [
        ...randomHead(random, size, BINARY),
        ...randomBytes(random, size),
      ];
    case 5:
    case 6:
      return [
        ...randomHead(random, size, LIST),
        ...repeated(size, () => randomPayload(random, depth + 1)),
      ];
    default:
      return [
        ...randomHead(random, size, MAP),
        ...repeated(size, () => [
          ...randomKeyPayload(random),
          ...randomPayload(random, depth + 1),
        ]),
      ];
  }
}

function repeated(times: number, make: () => number[]): number[] {
  return Array.from({ length: times }, make).flat();
}

function randomTextPayload(random: Random): number[] {
  const bytes = new TextEncoder().encode(randomText(random));
  return [...randomHead(random, bytes.length, TEXT), ...bytes];
}

function randomKeyPayload(random: Random): number[] {
  if (random() < 0.8) return randomTextPayload(random);
  return pick(random, [[1], [0xff], [0xd1, 0xff, 0], [0xce, 0xff, 0, 0, 0]]);
}

/** The same with one byte changed, or cut, or with bytes behind or within it. */
function broken(random: Random, payload: Uint8Array): Uint8Array {
  const at = randomInteger(random, 0, payload.length - 1);
  const changed = payload.slice();
  switch (randomInteger(random, 0, 3)) {
    case 0:
      return payload.subarray(0, at);
    case 1:
      return new Uint8Array([...payload, ...payload.subarray(at)]);
    case 2:
      return new Uint8Array([
        ...payload.subarray(0, at),
        ...randomBytes(random, 1),
        ...payload.subarray(at),
      ]);
    default:
      changed[at] = randomInteger(random, 0, 255);
      return changed;
  }
}
