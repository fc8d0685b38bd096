import { assert, assertFalse } from "@std/assert";
import { isPlainData } from "../_failure.ts";

Deno.test("isPlainData takes what every codec carries", () => {
  const bare = Object.assign(Object.create(null), { a: 1 });
  const values = [null, undefined, true, "text", -1.5, [], [[1], { a: [] }]];
  for (const value of [...values, bare]) assert(isPlainData(value));
});

Deno.test("isPlainData refuses what some codec does not carry", () => {
  const circular: unknown[] = [];
  circular.push(circular);
  const values = [
    NaN,
    Infinity,
    1n,
    "\ud800",
    { "\ud800": 1 },
    { "__type__": [0, ""] },
    Symbol.iterator,
    () => {},
    new Date(),
    new Uint8Array(1),
    new (class extends Array {})(),
    circular,
  ];
  for (const value of values) {
    assertFalse(isPlainData(value), Deno.inspect(value));
    assertFalse(isPlainData([{ value }]));
  }
});
