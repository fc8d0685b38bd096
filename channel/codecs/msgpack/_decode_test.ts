import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { decode as stdDecode, encode as stdEncode } from "@std/msgpack";
import {
  type Random,
  randomBytes,
  randomInteger,
  seededRandom,
} from "../../../testing/network/random.ts";
import {
  DELICATE_PARTS,
  pick,
  randomText,
  TEXT_PARTS,
} from "../fixtures/random_text.ts";
import { decodeMsgPack } from "./_decode.ts";

Deno.test("decodeMsgPack reads the values of @std/msgpack from random payloads", () => {
  const random = seededRandom(2);
  const counts = { read: 0, refused: 0 };
  for (let run = 0; run < 15_000; run++) {
    const payload = Uint8Array.from(randomPayload(random, 0));
    counts[readAlike(random() < 0.5 ? payload : broken(random, payload))]++;
  }
  // Both outcomes must occur, or the payloads test nothing.
  assert(counts.read > 5_000, JSON.stringify(counts));
  assert(counts.refused > 4_000, JSON.stringify(counts));
});

Deno.test("decodeMsgPack reads the values of @std/msgpack from random bytes", () => {
  const random = seededRandom(3);
  for (let run = 0; run < 15_000; run++) {
    readAlike(randomBytes(random, randomInteger(random, 0, 24)));
  }
});

Deno.test("decodeMsgPack reads each length that @std/msgpack writes", () => {
  const value = {
    list: [1, -1, 200, 70_000, -200, -70_000, 2 ** 31, 1.5, true, false, null],
    wide: [2n ** 63n, -(2n ** 62n)],
    text: ["", "x".repeat(300), "é".repeat(40_000)],
    bytes: [new Uint8Array(3), new Uint8Array(300), new Uint8Array(70_000)],
    long: Array.from({ length: 70_000 }, (_, index) => index),
    map: Object.fromEntries(
      Array.from({ length: 70_000 }, (_, index) => [`k${index}`, index]),
    ),
  };
  const payload = stdEncode(value);
  for (const maxWeight of [Infinity, payload.length * 100]) {
    assertEquals(decodeMsgPack(payload, { maxWeight }), value);
  }
});

Deno.test("decodeMsgPack takes no memory for lengths that lie", () => {
  // Each list claims as many items as the payload could hold, and nests a list.
  const payload = new Uint8Array(3 * 1_000);
  for (let at = 0; at < payload.length; at += 3) {
    payload.set([0xdc, 0xff, 0xff], at);
  }
  const before = Deno.memoryUsage().heapUsed;
  const error = assertThrows(() => decodeMsgPack(payload), SyntaxError);
  assertStringIncludes(error.message, "ends within");
  assert(Deno.memoryUsage().heapUsed - before < 32 * 2 ** 20);
});

/** Returns whether both readers read `payload`. Fails if they differ. */
function readAlike(payload: Uint8Array): "read" | "refused" {
  const [ours, theirs] = [decodeMsgPack, stdDecode].map((decode) => {
    try {
      return { value: decode(payload), refused: "" };
    } catch (error) {
      assert(error instanceof Error);
      return { value: undefined, refused: error.message };
    }
  });
  if (ours!.refused !== "") {
    assert(theirs!.refused !== "" || /not UTF-8|a key/.test(ours!.refused));
    return "refused";
  }
  assertEquals(ours, theirs, payload.toHex());
  // Stricter than equality: compares key order and the sign of zero.
  assertStrictEquals(Deno.inspect(ours, DEEP), Deno.inspect(theirs, DEEP));
  return "read";
}

const DEEP: Deno.InspectOptions = { depth: Infinity, iterableLimit: Infinity };

/** @std/msgpack drops U+FEFF, and sets prototypes: the suite tests those. */
const PARTS = TEXT_PARTS.filter((part) => !DELICATE_PARTS.includes(part));

/** Returns an integer as `length` bytes. */
function bigEndian(value: number, length: number): number[] {
  return Array.from(
    { length },
    (_, index) => Math.floor(value / 256 ** (length - 1 - index)) % 256,
  );
}

/**
 * Returns the head of a value of `length`: the short form, whose types begin at
 * `fixed` and allow a length up to `most`, or a form whose types begin at
 * `type`, followed by a length of one of `widths`.
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

/** The widths of the numbers after the types, from 0xca on. */
const NUMBER_BYTES = [4, 8, 1, 2, 4, 8, 1, 2, 4, 8];

/** Returns a payload in random forms, including forms that no writer uses. */
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
  const bytes = new TextEncoder().encode(randomText(random, PARTS));
  return [...randomHead(random, bytes.length, TEXT), ...bytes];
}

function randomKeyPayload(random: Random): number[] {
  if (random() < 0.8) return randomTextPayload(random);
  return pick(random, [[1], [0xff], [0xd1, 0xff, 0], [0xce, 0xff, 0, 0, 0]]);
}

/** Returns the payload with a byte changed or cut, or with bytes added. */
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
