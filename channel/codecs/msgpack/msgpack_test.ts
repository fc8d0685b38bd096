import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { decode as stdDecode, encode as stdEncode } from "@std/msgpack";
import { fromHex, testMsgPackCodec } from "../fixtures/msgpack_suite.ts";
import { readSkimmedMsgPack } from "./_reader.ts";
import { skimMsgPack } from "./_skim.ts";
import { msgpack } from "./msgpack.ts";

const codec = msgpack();

testMsgPackCodec("msgpack", codec);

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
          assertStrictEquals(taken, wanted, text.toHex());
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
