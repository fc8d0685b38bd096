import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { ProtocolError } from "../../transports/errors.ts";
import { SerializationError } from "../errors.ts";
import { REQUEST } from "../message.ts";
import type { Codec } from "./codec.ts";
import { withProtoAccessor } from "./fixtures/proto_accessor.ts";
import { json } from "./json/json.ts";
import { msgpack } from "./msgpack/msgpack.ts";
import type { Serializer } from "./types/serializer.ts";
import { TypeTable } from "./types/type_table.ts";

const encoder = new TextEncoder();

class Pair {
  constructor(readonly left: unknown, readonly right: unknown) {}
}

const PAIR: Serializer<Pair> = {
  type: Pair,
  serialize: ({ left, right }) => [left, right],
  deserialize: (data) => {
    const [left, right] = data as unknown[];
    return new Pair(left, right);
  },
};
const table = new TypeTable([PAIR]);

function toBytes({ carries, encode }: Codec, value: unknown): Uint8Array {
  const payload = encode(new TypeTable([PAIR], { carries }).pack(value));
  return typeof payload === "string" ? encoder.encode(payload) : payload;
}

function roundTrip(codec: Codec, value: unknown): unknown {
  return table.unpack(codec.decode(toBytes(codec, value)));
}

/** A generator of numbers from 0 to below 1 that repeats: mulberry32. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const TEXTS = [
  "",
  "a",
  "é",
  "日本",
  "😀",
  "\0",
  '"\\\n\u2028',
  "\ufeffx",
  "\ufffd",
];
const NUMBERS = [
  0,
  1,
  -1,
  127,
  128,
  255,
  256,
  -32,
  -33,
  -128,
  -129,
  32_767,
  -32_768,
  -32_769,
  65_535,
  65_536,
  2 ** 31 - 1,
  -(2 ** 31),
  -(2 ** 31) - 1,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  -(2 ** 53) + 1,
  2 ** 53,
  1e300,
  0.1,
  -0.5,
  5e-324,
  Number.MAX_VALUE,
];

function randomValue(random: () => number, depth: number): unknown {
  const pick = <T>(list: readonly T[]): T =>
    list[Math.floor(random() * list.length)]!;
  const size = Math.floor(random() * 4);
  switch (Math.floor(random() * (depth > 4 ? 4 : 7))) {
    case 0:
      return pick(NUMBERS);
    case 1:
      return pick(TEXTS) + pick(TEXTS);
    case 2:
      return pick([true, false, null]);
    case 3:
      return (random() - 0.5) * 10 ** Math.floor(random() * 20);
    case 4:
      return Array.from({ length: size }, () => randomValue(random, depth + 1));
    case 5:
      return new Pair(
        randomValue(random, depth + 1),
        randomValue(random, depth + 1),
      );
    default:
      return Object.fromEntries(Array.from({ length: size }, () => [
        pick(["__proto__", "constructor", "toString", "a", "7", ...TEXTS]),
        randomValue(random, depth + 1),
      ]));
  }
}

const CODECS: readonly [string, Codec][] = [
  ["json", json()],
  ["json (python)", json({ nonFinite: "python" })],
  ["msgpack", msgpack()],
];

for (const [name, codec] of CODECS) {
  Deno.test(`${name} carries scalars`, () => {
    for (const value of [null, true, false, ...TEXTS, ...NUMBERS]) {
      assertStrictEquals(roundTrip(codec, value), value);
    }
  });

  Deno.test(`${name} carries texts at the edges of length`, () => {
    for (const length of [31, 32, 255, 256, 65_535, 65_536]) {
      const text = "x".repeat(length - 2) + "é";
      assertStrictEquals(roundTrip(codec, text), text);
    }
  });

  Deno.test(`${name} carries lists and maps at the edges of length`, () => {
    for (const length of [0, 1, 15, 16, 65_535, 65_536]) {
      const list = Array.from({ length }, (_, index) => index % 100);
      // Compared as text: a deep comparison of these takes seconds.
      assertStrictEquals(
        JSON.stringify(roundTrip(codec, list)),
        JSON.stringify(list),
      );
      const map = Object.fromEntries(list.map((item, at) => [`k${at}`, item]));
      assertStrictEquals(
        JSON.stringify(roundTrip(codec, map)),
        JSON.stringify(map),
      );
    }
  });

  Deno.test(`${name} carries keys of every kind`, () => {
    const map = Object.fromEntries(TEXTS.map((text, index) => [text, index]));
    assertEquals(roundTrip(codec, map), map);
  });

  Deno.test(`${name} carries -0 as 0`, () => {
    assertEquals(roundTrip(codec, [-0]), [0]);
  });

  Deno.test(`${name} keeps __proto__ and constructor as own properties`, () => {
    const checkOwnKeys = () => {
      for (const inner of ['{"polluted": 1}', "null", "5", "[1]"]) {
        const value = JSON.parse(
          `{"__proto__": ${inner}, "constructor": {"prototype": {"polluted": 1}}, "z": {"__proto__": {}}}`,
        );
        const read = roundTrip(codec, value) as Record<string, unknown>;
        assertEquals(Object.keys(read), ["__proto__", "constructor", "z"]);
        assertStrictEquals(Object.getPrototypeOf(read), Object.prototype);
        assertStrictEquals(JSON.stringify(read), JSON.stringify(value));
        assert(!("polluted" in {}));
      }
    };
    checkOwnKeys();
    withProtoAccessor(checkOwnKeys);
  });

  Deno.test(`${name} carries custom types within each other`, () => {
    const value = { a: [new Pair(new Pair(1, "x"), [new Pair(null, {})])] };
    assertEquals(roundTrip(codec, value), value);
    assert((roundTrip(codec, value) as typeof value).a[0] instanceof Pair);
  });

  Deno.test(`${name} carries random values`, () => {
    const random = seeded(1);
    for (let run = 0; run < 3_000; run++) {
      const value = randomValue(random, 0);
      assertEquals(roundTrip(codec, value), value, `run ${run}`);
    }
  });

  Deno.test(`${name} decodes a view into a larger buffer`, () => {
    const payload = toBytes(codec, [REQUEST, 1, { a: "é" }]);
    const buffer = new Uint8Array(payload.length + 20).fill(0xff);
    buffer.set(payload, 9);
    const view = buffer.subarray(9, 9 + payload.length);
    const read = codec.decode(view);
    buffer.fill(0);
    assertEquals(read, [0, 1, { a: "é" }]);
  });

  Deno.test(`${name} throws an Error for an empty payload`, () => {
    assertThrowsError(() => codec.decode(new Uint8Array()));
  });

  Deno.test(`${name} survives random bytes`, () => {
    const random = seeded(2);
    for (let run = 0; run < 20_000; run++) {
      const bytes = Uint8Array.from(
        { length: Math.floor(random() * 40) },
        () => Math.floor(random() * 256),
      );
      decodeAnything(codec, bytes);
    }
  });

  Deno.test(`${name} survives changed, cut and doubled payloads`, () => {
    const random = seeded(3);
    const counts = { read: 0, refused: 0 };
    for (let run = 0; run < 20_000; run++) {
      const payload = toBytes(codec, randomValue(random, 0));
      const bytes = mutate(payload, random);
      counts[decodeAnything(codec, bytes) ? "read" : "refused"]++;
    }
    // Both outcomes must occur, or the mutations test nothing.
    assert(counts.read > 500 && counts.refused > 500, JSON.stringify(counts));
  });

  Deno.test(`${name} refuses what is 100,000 levels deep`, () => {
    for (const open of [true, false]) {
      const bytes = deep(codec.name, 100_000, open);
      assertThrowsError(() => table.unpack(codec.decode(bytes)));
    }
  });

  Deno.test(`${name} refuses a map of more than 262,144 keys`, () => {
    const bytes = codec.name === "json" ? keysAsJson() : keysAsMsgPack();
    const decoded = codec.decode(bytes);
    assertThrows(() => table.unpack(decoded), ProtocolError, "262145 keys");
  });
}

function assertThrowsError(fn: () => unknown): Error {
  try {
    fn();
  } catch (error) {
    assert(error instanceof Error);
    return error;
  }
  throw new TypeError("Nothing was thrown");
}

/** Whether `bytes` could be read; anything but an Error as refusal fails. */
function decodeAnything(codec: Codec, bytes: Uint8Array): boolean {
  let decoded: unknown;
  try {
    decoded = codec.decode(bytes);
  } catch (error) {
    assert(error instanceof SyntaxError || error instanceof TypeError);
    return false;
  }
  try {
    table.unpack(decoded);
    return true;
  } catch (error) {
    assert(
      error instanceof SerializationError || error instanceof ProtocolError,
    );
    return false;
  }
}

function mutate(payload: Uint8Array, random: () => number): Uint8Array {
  const at = Math.floor(random() * payload.length);
  switch (Math.floor(random() * 4)) {
    case 0:
      return payload.subarray(0, at);
    case 1: {
      const changed = payload.slice();
      changed[at] = Math.floor(random() * 256);
      return changed;
    }
    case 2:
      return new Uint8Array([...payload, ...payload.subarray(at)]);
    default: {
      const words = ["NaN", "-Infinity", "-0", "__type__", "\ufeff", '"'];
      const word = encoder.encode(words[Math.floor(random() * words.length)]);
      return new Uint8Array([
        ...payload.subarray(0, at),
        ...word,
        ...payload.subarray(at),
      ]);
    }
  }
}

function deep(codec: string, levels: number, open: boolean): Uint8Array {
  if (codec === "json") {
    const middle = open ? "" : "1" + "]".repeat(levels);
    return encoder.encode("[".repeat(levels) + middle);
  }
  const bytes = new Uint8Array(levels + 1).fill(0x91);
  if (!open) bytes[levels] = 1;
  return bytes;
}

const TOO_MANY = 262_145;

/** A map of too many different keys as JSON. */
function keysAsJson(): Uint8Array {
  const members = Array.from({ length: TOO_MANY }, (_, key) => `"k${key}":0`);
  return encoder.encode(`{${members.join(",")}}`);
}

/** The same as MessagePack. */
function keysAsMsgPack(): Uint8Array {
  const bytes = new Uint8Array(5 + TOO_MANY * 9);
  bytes.set([0xdf, 0x00, 0x04, 0x00, 0x01]);
  for (let key = 0; key < TOO_MANY; key++) {
    const at = 5 + key * 9;
    bytes[at] = 0xa7;
    encoder.encodeInto(String(key).padStart(7, "k"), bytes.subarray(at + 1));
  }
  return bytes;
}
