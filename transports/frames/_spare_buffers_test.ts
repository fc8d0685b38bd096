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

Deno.test("SpareBuffers.take gives the latest of several", () => {
  const spare = new SpareBuffers();
  const given = Array.from({ length: 3 }, () => new Uint8Array(MIB));
  for (const buffer of given) spare.give(buffer);
  for (const buffer of given.toReversed()) {
    assertStrictEquals(spare.take(MIB), buffer);
  }
});

Deno.test("SpareBuffers.take gives what is up to twice as long", () => {
  const spare = new SpareBuffers();
  const buffer = new Uint8Array(MIB);
  spare.give(buffer);
  assertEquals(spare.take(MIB + 1).length, MIB + 1);
  assertEquals(spare.take(MIB / 2 - 1).length, MIB / 2 - 1);
  assertStrictEquals(spare.take(MIB / 2), buffer);
});

Deno.test("SpareBuffers keeps no small ones, and 8 MiB of the latest", () => {
  const spare = new SpareBuffers();
  for (const bytes of [1_000, 9 * MIB]) {
    const buffer = new Uint8Array(bytes);
    spare.give(buffer);
    assertNotStrictEquals(spare.take(bytes), buffer);
  }
  const given = Array.from({ length: 9 }, () => new Uint8Array(MIB));
  for (const buffer of given) spare.give(buffer);
  const taken = new Set(given.map(() => spare.take(MIB)));
  assertEquals(given.map((it) => taken.has(it)), [
    false,
    ...Array(8).fill(true),
  ]);
});

Deno.test("SpareBuffers keeps 64 buffers of the latest, however small", () => {
  const spare = new SpareBuffers();
  const given = Array.from({ length: 70 }, () => new Uint8Array(8 * 1024));
  for (const buffer of given) spare.give(buffer);
  const taken = new Set(given.map(() => spare.take(8 * 1024)));
  assertEquals(given.map((it) => taken.has(it)), [
    ...Array(6).fill(false),
    ...Array(64).fill(true),
  ]);
});
