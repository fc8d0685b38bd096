import { assertEquals, assertStrictEquals } from "@std/assert";
import { fromHex, testMsgPackCodec } from "../fixtures/msgpack_suite.ts";
import { msgpack } from "./msgpack.ts";

const codec = msgpack();

testMsgPackCodec("msgpack", codec);

Deno.test("msgpack leaves what it encodes as it is", () => {
  const value = { a: [1, 2 ** 40, { b: -(2 ** 40) }], c: new Uint8Array(1) };
  const copy = structuredClone(value);
  codec.encode(value);
  assertEquals(value, copy);
});

Deno.test("msgpack encodes integers beyond 32 bits as integers wherever they stand", () => {
  const payload = codec.encode({ a: [{ b: 2 ** 40 }, NaN, 1.5] }) as Uint8Array;
  assertStrictEquals(
    payload.toHex(),
    "81a1619381a162cf0000010000000000cb7ff8000000000000cb3ff8000000000000",
  );
  assertEquals(
    codec.decode(fromHex("92 cf0000010000000000 01")),
    [2n ** 40n, 1],
  );
});
