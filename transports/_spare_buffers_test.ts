import {
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
} from "@std/assert";
import { SpareBuffers } from "./_spare_buffers.ts";

const MIB = 1024 * 1024;

Deno.test("SpareBuffers.take gives what was given, to one only", () => {
  const spare = new SpareBuffers();
  const buffer = new Uint8Array(MIB);
  spare.give(buffer);
  assertStrictEquals(spare.take(MIB), buffer);
  assertNotStrictEquals(spare.take(MIB), buffer);
});

Deno.test("SpareBuffers.take gives what is up to twice as long", () => {
  const spare = new SpareBuffers();
  const buffer = new Uint8Array(MIB);
  spare.give(buffer);
  assertEquals(spare.take(MIB + 1).length, MIB + 1);
  assertEquals(spare.take(MIB / 2 - 1).length, MIB / 2 - 1);
  assertStrictEquals(spare.take(MIB / 2), buffer);
});

Deno.test("SpareBuffers keeps no small ones, and 4 MiB of the latest", () => {
  const spare = new SpareBuffers();
  const small = new Uint8Array(1_000);
  spare.give(small);
  assertNotStrictEquals(spare.take(1_000), small);
  const large = new Uint8Array(5 * MIB);
  spare.give(large);
  assertNotStrictEquals(spare.take(5 * MIB), large);

  const given = Array.from({ length: 5 }, () => new Uint8Array(MIB));
  for (const buffer of given) spare.give(buffer);
  const taken = new Set(given.map(() => spare.take(MIB)));
  assertEquals(given.map((it) => taken.has(it)), [
    false,
    true,
    true,
    true,
    true,
  ]);
});
