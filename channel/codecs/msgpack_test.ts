import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { decode as stdDecode, encode as stdEncode } from "@std/msgpack";
import { readSkimmedMsgPack } from "./_msgpack_reader.ts";
import { skimMsgPack } from "./_msgpack_skim.ts";
import { msgpack } from "./msgpack.ts";
import { TypeTable } from "./type_table.ts";

const codec = msgpack();
const table = new TypeTable([]);

function hex(bytes: Uint8Array | string): string {
  return (bytes as Uint8Array).toHex();
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.fromHex(text.replaceAll(" ", ""));
}

function read(text: string): unknown {
  return codec.decode(fromHex(text));
}

const GOLDEN: readonly [string, unknown][] = [
  [
    "93 00 00 93 a7 7375622f616464 91 01 81 a1 62 02",
    [0, 0, ["sub/add", [1], { b: 2 }]],
  ],
  ["93 01 00 03", [1, 0, 3]],
];

Deno.test("msgpack reads and writes the golden payloads", () => {
  for (const [text, message] of GOLDEN) {
    assertEquals(read(text), message);
    assertStrictEquals(hex(codec.encode(message)), text.replaceAll(" ", ""));
  }
});

/** What Python's msgpack 1.x writes, and reads as an int, a float, bytes. */
const VECTORS: readonly [string, unknown][] = [
  ["ce ffffffff", 2 ** 32 - 1],
  ["cf 0000000100000000", 2 ** 32],
  ["cf 001fffffffffffff", 2 ** 53 - 1],
  ["d2 80000000", -(2 ** 31)],
  ["d3 ffffffff7fffffff", -(2 ** 31) - 1],
  ["cf ffffffffffffffff", 2n ** 64n - 1n],
  ["d3 8000000000000000", -(2n ** 63n)],
  ["cb 3ff8000000000000", 1.5],
  ["cb 7ff8000000000000", NaN],
  ["cb fff0000000000000", -Infinity],
  ["c4 02 00ff", new Uint8Array([0, 255])],
  ["a4 f09f9880", "😀"],
  ["92 c0 c3", [null, true]],
  ["81 a1 61 cf 0000000100000000", { a: 2 ** 32 }],
];

Deno.test("msgpack reads and writes as Python does", () => {
  for (const [text, value] of VECTORS) {
    assertEquals(table.unpack(read(text)), value);
    assertStrictEquals(hex(codec.encode(value)), text.replaceAll(" ", ""));
  }
});

Deno.test("msgpack reads the shorter float", () => {
  assertStrictEquals(read("ca 3fc00000"), 1.5);
});

Deno.test("msgpack reads every width of integer", () => {
  assertEquals(
    read("9a 7f e0 cc80 cd0100 ce00010000 d080 d18000 d280000000 c2 ff"),
    [127, -32, 128, 256, 65536, -128, -32768, -(2 ** 31), false, -1],
  );
});

Deno.test("msgpack gives the engine what it was given if all is narrow", () => {
  const seen: unknown[] = [];
  const spy = msgpack({
    engine: {
      encode(value) {
        seen.push(value);
        return new Uint8Array([0xc0]);
      },
      decode: () => null,
    },
  });
  const value = { a: [1, { b: 2.5 }], c: new Uint8Array(1) };
  spy.encode(value);
  assertStrictEquals(seen[0], value);
  spy.encode({ a: [1, 2 ** 40], b: value });
  assertEquals(seen[1], { a: [1, 2n ** 40n], b: value });
  assertStrictEquals((seen[1] as { b: unknown }).b, value);
  spy.encode([NaN, 2 ** 40]);
  assertEquals(seen[2], [NaN, 2n ** 40n]);
});

Deno.test("msgpack asks the given engine to read, once checked", () => {
  const engine = { encode: () => new Uint8Array(), decode: () => "read" };
  const given = msgpack({ engine });
  assertStrictEquals(given.decode(new Uint8Array([1])), "read");
  assertThrows(() => given.decode(new Uint8Array([0xc1])), SyntaxError);
});

Deno.test("msgpack throws on what the engine throws", () => {
  const cause = new Error("no");
  const fail = (): never => {
    throw cause;
  };
  const given = msgpack({ engine: { encode: fail, decode: fail } });
  assertStrictEquals(assertThrows(() => given.encode(1)), cause);
  assertStrictEquals(assertThrows(() => given.decode(fromHex("01"))), cause);
});

Deno.test("msgpack hands out bytes that are not the connection's", () => {
  for (
    const text of ["c4 02 0102", "82 a9 5f5f70726f746f5f5f 01 a1 61 c4 02 0102"]
  ) {
    const payload = fromHex(text);
    const value = codec.decode(payload);
    const bytes = value instanceof Uint8Array
      ? value
      : (value as { a: Uint8Array }).a;
    assertNotStrictEquals(bytes.buffer, payload.buffer);
    payload.fill(0);
    assertEquals(bytes, new Uint8Array([1, 2]));
  }
});

Deno.test("msgpack takes integers of 32 bits as keys", () => {
  assertEquals(
    read("84 01 a1 61 ff a1 62 ceffffffff a1 63 d280000000 a1 64"),
    { "1": "a", "-1": "b", "4294967295": "c", "-2147483648": "d" },
  );
});

Deno.test("msgpack keeps integer keys beside a key __proto__", () => {
  const value = read("82 01 a1 61 a9 5f5f70726f746f5f5f 80");
  assertEquals(Object.keys(value as object), ["1", "__proto__"]);
});

Deno.test("msgpack keeps __proto__ own in every width of text", () => {
  const name = "5f5f70726f746f5f5f";
  for (const head of ["a9", "d909", "da0009", "db00000009"]) {
    const value = read(`91 81 ${head} ${name} 81 a1 61 01`) as object[];
    assertEquals(Object.keys(value[0]!), ["__proto__"]);
    assertStrictEquals(Object.getPrototypeOf(value[0]), Object.prototype);
  }
});

Deno.test("msgpack keeps U+FEFF at the start of texts and keys", () => {
  assertEquals(read("82 a4 efbbbf61 a3 efbbbf a1 62 a1 63"), {
    "\ufeffa": "\ufeff",
    b: "c",
  });
});

for (
  const [what, text, says] of [
    ["nothing", "", "at byte 0: the payload ends"],
    ["a list that is cut", "93 00 00", "ends within"],
    ["a list that claims too much", "dd ffffffff", "at byte 5: the payload"],
    ["a map that claims too much", "df 7fffffff 00", "ends within"],
    ["a map that lacks a value", "81 a1 61", "ends within"],
    ["a length that is cut", "dc 00", "ends within"],
    ["a text that is cut", "a2 61", "ends within"],
    ["a text that claims too much", "db ffffffff 61", "ends within"],
    ["bytes that are cut", "c4 02 00", "ends within"],
    ["bytes that claim too much", "c6 ffffffff", "ends within"],
    ["a number that is cut", "cf 00", "ends within"],
    ["bytes behind the value", "01 02 03", "at byte 1: 2 bytes follow"],
    ["the unused type", "91 c1", "at byte 1: the type 0xc1"],
    ["a fixed extension", "d6 ff 00000000", "0xd6"],
    ["an extension with a length", "c7 00 01", "0xc7"],
    ["a key of nil", "81 c0 01", "a key of a map"],
    ["a key of true", "81 c3 01", "a key of a map"],
    ["a key that is a float", "81 cb 0000000000000000 01", "a key of a map"],
    ["a key of 64 bits", "81 cf 0000000000000001 01", "a key of a map"],
    ["a key that is a list", "81 90 01", "a key of a map"],
    ["a key that is bytes", "81 c4 01 61 01", "a key of a map"],
    ["text with a lead byte alone", "a1 ff", "text is not UTF-8"],
    ["text with a follower alone", "a1 80", "text is not UTF-8"],
    ["text with an overlong form", "a2 c080", "text is not UTF-8"],
    ["text with an overlong three", "a3 e08080", "text is not UTF-8"],
    ["text with an overlong four", "a4 f0808080", "text is not UTF-8"],
    ["text with a surrogate", "a3 eda080", "text is not UTF-8"],
    ["text beyond U+10FFFF", "a4 f4908080", "text is not UTF-8"],
    ["text that ends in a character", "a2 e282", "text is not UTF-8"],
    ["text with a bad follower", "a3 e28241", "text is not UTF-8"],
    ["a key that is not UTF-8", "81 a1 ff 01", "text is not UTF-8"],
  ] as const
) {
  Deno.test(`msgpack refuses ${what}`, () => {
    assertThrows(() => read(text), SyntaxError, says);
  });
}

Deno.test("skimMsgPack takes 1,024 levels and not one more", () => {
  const bytes = new Uint8Array(1_025).fill(0x91);
  bytes[1_024] = 0;
  assertEquals(skimMsgPack(bytes), { binary: false, delicate: false });
  assertEquals(JSON.stringify(codec.decode(bytes)).length, 2_049);
  const deeper = new Uint8Array(1_026).fill(0x91);
  deeper[1_025] = 0;
  assertThrows(() => skimMsgPack(deeper), SyntaxError, "1024 levels");
});

Deno.test("skimMsgPack leaves the nesting when a list is full", () => {
  // Lists side by side are not deeper than one.
  const bytes = new Uint8Array(3_003).fill(0x91);
  bytes.set([0xdc, 1_500 >> 8, 1_500 & 0xff]);
  for (let at = 4; at < bytes.length; at += 2) bytes[at] = 0;
  assertEquals(skimMsgPack(bytes), { binary: false, delicate: false });
});

Deno.test("skimMsgPack tells __proto__ as a key from the same as a value", () => {
  const name = "a9 5f5f70726f746f5f5f";
  assert(skimMsgPack(fromHex(`81 ${name} 01`)).delicate);
  assert(!skimMsgPack(fromHex(`81 a1 61 ${name}`)).delicate);
  assert(!skimMsgPack(fromHex(`92 ${name} 01`)).delicate);
});

Deno.test("skimMsgPack agrees with TextDecoder on what is UTF-8", () => {
  const strict = new TextDecoder("utf-8", { fatal: true });
  const edges = [0x41, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0];
  for (let lead = 0; lead < 256; lead++) {
    for (const second of edges) {
      for (const third of [0x41, 0x80, 0xbf, 0xc0]) {
        for (const fourth of [0x41, 0x80]) {
          const text = new Uint8Array([lead, second, third, fourth]);
          let wanted = true;
          try {
            strict.decode(text);
          } catch (error) {
            assert(error instanceof TypeError);
            wanted = false;
          }
          let taken = true;
          try {
            skimMsgPack(new Uint8Array([0xa4, ...text]));
          } catch (error) {
            assert(error instanceof SyntaxError);
            taken = false;
          }
          assertStrictEquals(taken, wanted, hex(text));
        }
      }
    }
  }
});

Deno.test("readSkimmedMsgPack reads what the engine reads", () => {
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
  skimMsgPack(payload);
  assertEquals(readSkimmedMsgPack(payload), stdDecode(payload) as unknown);
});
