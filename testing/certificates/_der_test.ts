import { assertEquals } from "@std/assert";
import { der, integer, sequence, time } from "./_der.ts";

const hex = (bytes: Uint8Array) => bytes.toHex();

Deno.test("der writes lengths in as few bytes as they need", () => {
  const start = (length: number) =>
    hex(der(0x04, new Uint8Array(length)).subarray(0, 4));
  assertEquals(hex(sequence()), "3000");
  assertEquals(start(0x7f), "047f0000");
  assertEquals(start(0x80), "04818000");
  assertEquals(start(0xff), "0481ff00");
  assertEquals(start(0x100), "04820100");
});

Deno.test("integer is positive, and as short as it can be", () => {
  const encoded = (...bytes: number[]) => hex(integer(new Uint8Array(bytes)));
  assertEquals(encoded(0, 0, 0x7f), "02017f");
  assertEquals(encoded(0, 0x80), "02020080");
  assertEquals(encoded(1, 0), "02020100");
});

Deno.test("time has four digits for the year from 2050 on", () => {
  const text = (date: string) =>
    new TextDecoder().decode(time(new Date(date)).subarray(2));
  assertEquals(text("2001-02-03T04:05:06.789Z"), "010203040506Z");
  assertEquals(text("2049-12-31T23:59:59Z"), "491231235959Z");
  assertEquals(text("2050-01-01T00:00:00Z"), "20500101000000Z");
});
