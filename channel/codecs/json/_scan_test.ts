import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../../../transports/errors.ts";
import { DEFAULT_LIMITS } from "../../limits/limits.ts";
import { scanJson } from "./_scan.ts";
import { maxMessageWeight } from "../../limits/_arrivals.ts";

const MANY = 100_000;

for (const part of ["[", "{", "[{", "[0", '[""', '{"a":']) {
  Deno.test(`scanJson refuses a long text of '${part}'`, () => {
    const bomb = part.repeat(MANY);
    assertThrows(() => scanJson(bomb, Infinity), SyntaxError, "deep");
  });
}

Deno.test("scanJson takes brackets that are closed, or within strings", () => {
  scanJson(`[${"[],".repeat(MANY)}0]`, Infinity);
  scanJson(`["${"[".repeat(MANY)}"]`, Infinity);
  scanJson(`["${'\\"['.repeat(MANY)}"]`, Infinity);
  scanJson(`["${"\\\\".repeat(MANY)}",${"[],".repeat(MANY)}0]`, Infinity);
});

Deno.test("scanJson takes as many levels as any limit allows", () => {
  const levels = "[".repeat(1_000) + "]".repeat(1_000);
  scanJson(`[${`${levels},`.repeat(100)}0]`, Infinity);
});

Deno.test("scanJson leaves what is no JSON to the parser", () => {
  for (const text of ["", '"', '["\\', "]".repeat(MANY), '{"a', "{,}", "]}["]) {
    assertEquals(scanJson(text, Infinity), false);
  }
});

Deno.test("scanJson finds bare words outside of strings only", () => {
  for (const text of ["NaN", "[1,-Infinity]", '{"a":NaN}']) {
    assertEquals(scanJson(text, Infinity), true, text);
  }
  for (const text of ['"NaN"', '["\\"NaN"]', '{"Infinity":[1]}', "[true]"]) {
    assertEquals(scanJson(text, Infinity), false, text);
  }
});

/** The least memory of each repeated part, in bytes. */
const PARTS:
  readonly (readonly [part: (n: number) => string, bytes: number])[] = [
    [() => "[]", 40],
    [() => "{}", 64],
    [() => "1.5", 24],
    [() => "true", 8],
    [() => '"text"', 32],
    [() => '{"a":1}', 36],
    [(n) => `{"key${n}":1}`, 192],
    [(n) => `"${"x".repeat(100)}${n}"`, 128],
  ];

for (const [part, bytes] of PARTS) {
  Deno.test(`scanJson weighs ${part(0).slice(0, 12)} by what it takes`, () => {
    const parts = Array.from({ length: MANY }, (_, n) => part(n));
    const text = `[${parts.join(", ")}]`;
    assertThrows(
      () => scanJson(text, MANY * bytes - 1_000),
      ProtocolError,
      "more than",
    );
    scanJson(text, MANY * bytes * 6);
  });
}

Deno.test("scanJson takes maps of the same keys for far less than others", () => {
  const same = Array.from({ length: MANY }, () => '{"a":1,"b":2}');
  scanJson(`[${same}]`, MANY * 100);
  // The same keys in a new order each time are as expensive as new keys.
  const keys = [..."abcdefghijklmnop"];
  const turned = Array.from({ length: MANY }, (_, n) => {
    const order = keys.toSorted((a, b) => mixed(a, n) - mixed(b, n));
    return `{${order.map((key) => `"${key}":1`)}}`;
  });
  assertThrows(() => scanJson(`[${turned}]`, MANY * 1_000), ProtocolError);
});

Deno.test("scanJson takes one map of as many keys as a map may have", () => {
  const length = DEFAULT_LIMITS.frames.maxKeys;
  const keys = Array.from({ length }, (_, n) => `"k${n}":0`);
  scanJson(`{${keys}}`, maxMessageWeight(DEFAULT_LIMITS));
});

function mixed(key: string, n: number): number {
  return Math.imul(key.charCodeAt(0) ^ n, 0x9e3779b1) >>> 8;
}
