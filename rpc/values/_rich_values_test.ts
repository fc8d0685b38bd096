import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { collide, hashKey } from "./_colliding_keys.ts";
import { packRich, type RichValueOptions, unpackRich } from "./_rich_values.ts";

const OPTIONS: readonly RichValueOptions[] = [
  { binary: true, stacks: false },
  { binary: false, stacks: true },
];

/** Packs and unpacks a value whose parts need no packing. */
function there(value: unknown, options: RichValueOptions): unknown {
  const packed = packRich(value, options);
  assert(packed !== null);
  return unpackRich(packed);
}

const values: readonly unknown[] = [
  undefined,
  NaN,
  -Infinity,
  -0,
  0n,
  -(2n ** 200n),
  new Date(0),
  new Date(NaN),
  new Map<unknown, unknown>([["a", 1], [2, [3]]]),
  new Set([1, "a", null]),
  new URL("https://example.com/a?b=c#d"),
  /a[/]b"c/giu,
  new ArrayBuffer(3),
  Uint8Array.of(1, 2, 255),
  new Uint8Array(100_000).fill(7),
  new Uint8ClampedArray([1, 2]),
  new Int16Array([-1, 2]),
  new Float64Array([0.5, NaN]),
  new BigInt64Array([-1n, 2n ** 60n]),
  new DataView(Uint8Array.of(1, 2, 3).buffer),
];

for (const options of OPTIONS) {
  const { binary } = options;
  Deno.test(`packRich() and unpackRich() keep each kind of value, ${binary ? "with" : "without"} bytes`, () => {
    for (const value of values) {
      const arrived = there(value, options);
      assertEquals(arrived, value);
      if (typeof value !== "object" || value === null) continue;
      assertStrictEquals(
        Object.getPrototypeOf(arrived),
        Object.getPrototypeOf(value),
      );
    }
  });
}

Deno.test("packRich() sends a view's own bytes, and nothing around them", () => {
  const whole = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  const part = new Uint16Array(whole.buffer, 2, 2);
  const arrived = there(part, { binary: true, stacks: false });
  assertEquals(arrived, part);
  assertEquals((arrived as Uint16Array).buffer.byteLength, 4);
});

Deno.test("packRich() leaves other values to their serializers", () => {
  class Own extends Map {}
  for (const other of [null, "a", true, () => {}, Symbol(), {}, new Own()]) {
    assertEquals(packRich(other, OPTIONS[0]!), null);
  }
});

Deno.test("unpackRich() makes errors of their own class, with what belongs to them", () => {
  const cause = new RangeError("inner");
  const error = new TypeError("outer", { cause });
  const [, data] = packRich(error, { binary: false, stacks: false })!;
  assertEquals(data, { name: "TypeError", message: "outer", cause });
  const arrived = there(error, { binary: false, stacks: false }) as Error;
  assertInstanceOf(arrived, TypeError);
  assertStrictEquals(arrived.cause, cause);
  assertEquals(arrived.stack, "TypeError: outer");
  assertEquals(Object.keys(arrived), []);

  const withStack = there(error, { binary: false, stacks: true }) as Error;
  assertEquals(withStack.stack, error.stack);

  const all = new AggregateError([new Error("a"), 1], "all");
  const both = there(all, OPTIONS[0]!) as AggregateError;
  assertInstanceOf(both, AggregateError);
  assertEquals(both.errors, all.errors);
});

Deno.test("unpackRich() gives an error of another class its name, code and data", () => {
  class JobFailed extends Error {
    override name = "JobFailed";
    code = 42;
    data = { when: new Date(0) };
  }
  const arrived = there(new JobFailed("no"), OPTIONS[0]!);
  assertInstanceOf(arrived, Error);
  assertEquals(String(arrived), "JobFailed: no");
  const { code, data } = arrived as JobFailed;
  assertEquals([code, data], [42, { when: new Date(0) }]);
});

Deno.test("unpackRich() escapes control characters in the texts of an error", () => {
  const packed = ["Error", { name: "A\u001b[2J", message: "b\u001b\nc" }];
  const error = unpackRich(packed) as Error;
  assert(!`${error.name} ${error.message} ${error.stack}`.includes("\u001b"));
  assertEquals(error.name.includes("\\u{1b}"), true);
});

Deno.test("unpackRich() refuses what has another form", () => {
  const bad: unknown[] = [
    null,
    [],
    ["undefined"],
    ["unknown", 1],
    ["constructor", 1],
    ["Date", "1"],
    ["Map", [1]],
    ["Map", [[1, 2, 3]]],
    ["Map", null],
    ["Set", {}],
    ["URL", "no address"],
    ["RegExp", ["(", ""]],
    ["RegExp", ["a", "zz"]],
    ["bigint", "10 "],
    ["bigint", 1],
    ["number", 1],
    ["Error", null],
    ["Error", { name: "a" }],
    ["Error", { name: "a", message: "b", errors: 1 }],
    ["Float64Array", Uint8Array.of(1)],
    ["Uint8Array", "%%%"],
    ["ArrayBuffer", 5],
    ["Uint8Array", 1e9],
  ];
  for (const packed of bad) assertThrows(() => unpackRich(packed));
});

Deno.test("unpackRich() refuses numbers that make a map or set slow", () => {
  const keys: number[] = [];
  for (let n = 0; keys.length < 200; n++) {
    if ((hashKey(n) & 0xff) === 0) keys.push(n);
  }
  assert(collide(keys));
  assertThrows(() => unpackRich(["Set", keys]), TypeError);
  const pairs = keys.map((key) => [key, 1]);
  assertThrows(() => unpackRich(["Map", pairs]), TypeError);
});
