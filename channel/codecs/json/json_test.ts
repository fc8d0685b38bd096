import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { withProtoAccessor } from "../fixtures/proto_accessor.ts";
import { json } from "./json.ts";
import { writePythonJson } from "./_python_json.ts";

const codec = json();

function read(text: string): unknown {
  return codec.decode(new TextEncoder().encode(text));
}

/** The payloads of the protocol's golden frames. */
const GOLDEN: readonly [length: number, text: string, message: unknown][] = [
  [
    0x36,
    '[0, 1, ["my_func", ["hello", "world"], {"times": 23}]]',
    [0, 1, ["my_func", ["hello", "world"], { times: 23 }]],
  ],
  [0x1a, '[1, 1, "the return value"]', [1, 1, "the return value"]],
  [
    0x29,
    '[2, 1, "Error in your code line 23: ..."]',
    [2, 1, "Error in your code line 23: ..."],
  ],
  [
    0x22,
    '[0, 0, ["sub/add", [1], {"b": 2}]]',
    [0, 0, ["sub/add", [1], { b: 2 }]],
  ],
  [0x09, "[1, 0, 3]", [1, 0, 3]],
  [
    0x23,
    '[0, 0, ["validate_aid", ["0"], {}]]',
    [0, 0, ["validate_aid", ["0"], {}]],
  ],
  [0x0b, '[1, 0, "A"]', [1, 0, "A"]],
  [0x0c, "[1, 0, null]", [1, 0, null]],
  [
    0x1f,
    '[0, 1, ["agents/0/me", [], {}]]',
    [0, 1, ["agents/0/me", [], {}]],
  ],
];

Deno.test("json reads the golden payloads", () => {
  for (const [length, text, message] of GOLDEN) {
    assertStrictEquals(text.length, length);
    assertEquals(read(text), message);
  }
});

Deno.test("json writes the golden payloads, without spaces", () => {
  for (const [, text, message] of GOLDEN) {
    const written = codec.encode(message) as string;
    // One payload holds a colon and a space within a string, where they stay.
    const compact = text.startsWith("[2")
      ? '[2,1,"Error in your code line 23: ..."]'
      : text.replaceAll(", ", ",").replaceAll(": ", ":");
    assertStrictEquals(written, compact);
    assertEquals(read(written), message);
  }
});

Deno.test("json names what it carries", () => {
  assertEquals(codec.carries, {
    binary: false,
    bigint: false,
    nonFinite: false,
    loneSurrogates: true,
  });
  assertStrictEquals(json({ nonFinite: "python" }).carries.nonFinite, true);
});

Deno.test("json refuses another value for nonFinite", () => {
  assertThrows(
    () => json({ nonFinite: "null" as "error" }),
    TypeError,
    "'null'",
  );
});

Deno.test("json carries half a surrogate pair as an escape", () => {
  assertStrictEquals(codec.encode("\ud800"), '"\\ud800"');
  assertStrictEquals(read('"\\ud800"'), "\ud800");
});

Deno.test("json reads what Python escapes", () => {
  assertStrictEquals(read('"\\u00e9\\ud83d\\ude00"'), "é😀");
});

Deno.test("json rounds integers beyond 2^53", () => {
  assertStrictEquals(read("9007199254740993"), 9007199254740992);
  assertStrictEquals(read("1e999"), Infinity);
});

Deno.test("json skips a byte order mark at the start only", () => {
  assertEquals(read("\ufeff[1]"), [1]);
  assertEquals(read('["\ufeff"]'), ["\ufeff"]);
  assertThrows(() => read("[\ufeff1]"), SyntaxError);
});

Deno.test("json reads U+FFFD that is meant", () => {
  assertStrictEquals(read('"\ufffd"'), "\ufffd");
});

for (
  const [what, bytes] of [
    ["a byte that leads nothing", [0x22, 0xff, 0x22]],
    ["a follower alone", [0x22, 0x80, 0x22]],
    ["an overlong form", [0x22, 0xc0, 0x80, 0x22]],
    ["a surrogate", [0x22, 0xed, 0xa0, 0x80, 0x22]],
    ["a character that is cut", [0x22, 0xe2, 0x82, 0x22]],
  ] as const
) {
  Deno.test(`json refuses UTF-8 with ${what}`, () => {
    assertThrows(() => codec.decode(new Uint8Array(bytes)), TypeError);
  });
}

Deno.test("json reads numbers that Python writes bare", () => {
  assertEquals(
    read('[NaN, Infinity, -Infinity, {"a": NaN, "NaN": -Infinity}]'),
    [NaN, Infinity, -Infinity, { a: NaN, NaN: -Infinity }],
  );
  for (const value of [NaN, Infinity, -Infinity]) {
    assertStrictEquals(read(`${value}`), value);
    assertStrictEquals(read(` \n\t${value}\r `), value);
    assertEquals(read(`[[${value}],${value}]`), [[value], value]);
  }
});

Deno.test("json leaves such words in texts alone", () => {
  for (
    const text of [
      '["NaN", NaN]',
      '["a\\"NaN,", NaN, "\\\\", "[Infinity]"]',
      '["\\\\\\"", NaN, ",NaN,-0,"]',
      '{"NaN": NaN, "-Infinity": "-0"}',
    ]
  ) {
    const value = read(text);
    assertStrictEquals(
      writePythonJson(value),
      text.replaceAll(", ", ",").replaceAll(": ", ":"),
    );
  }
});

Deno.test("json reads no other word or place for them", () => {
  for (
    const text of [
      "nan",
      "-NaN",
      "+Infinity",
      "- Infinity",
      "--Infinity",
      "NaN1",
      "1NaN",
      "Infinity0",
      "1Infinity",
      "-Infinity.5",
      "NaN NaN",
      "tNaN",
      '"a"NaN',
      'NaN"a"',
      "[NaN",
      "[NaN,]",
      "{NaN: 1}",
      "[NaN, undefined]",
      "[NaN, -00]",
      "[NaN, -0.]",
      "[NaN, -]",
      '[NaN, "]',
      '[NaN, "\\"]',
      "Infinit",
      "Na",
    ]
  ) {
    assertThrows(() => read(text), SyntaxError, undefined, text);
  }
});

Deno.test("json tells NaN from every number beside it", () => {
  assertEquals(
    read("[NaN, -0, -0.0, -0e5, -1e-400, -0e-0, 0, -1, -0.5, 5e-324]"),
    [NaN, -0, -0, -0, -0, -0, 0, -1, -0.5, 5e-324],
  );
  assertEquals(read("[-0, Infinity]"), [-0, Infinity]);
  assertEquals(read("[-0.0]"), [-0]);
});

Deno.test("json keeps __proto__ an own property beside NaN", () => {
  withProtoAccessor(() => {
    const value = read(
      '{"__proto__": {"__proto__": NaN}, "a": [{"__proto__": NaN}]}',
    );
    assertStrictEquals(
      writePythonJson(value),
      '{"__proto__":{"__proto__":NaN},"a":[{"__proto__":NaN}]}',
    );
    assertStrictEquals(Object.getPrototypeOf(value), Object.prototype);
  });
});

Deno.test("json tells of the first error where there is nothing of Python's", () => {
  const own = assertThrows(() => JSON.parse("[1,]"), SyntaxError);
  const ours = assertThrows(() => read("[1,]"), SyntaxError);
  assertStrictEquals(ours.message, own.message);
});

Deno.test("json writes bare numbers in Python's manner when asked to", () => {
  const python = json({ nonFinite: "python" });
  assertStrictEquals(
    python.encode({
      a: [NaN, Infinity, -Infinity, 1.5, "NaN", null],
      "é\n": {},
    }),
    '{"a":[NaN,Infinity,-Infinity,1.5,"NaN",null],"é\\n":{}}',
  );
  assertStrictEquals(python.encode([1, "x"]), '[1,"x"]');
  assertStrictEquals(python.encode(NaN), "NaN");
});

Deno.test("json reads megabytes of bare and escaped text in a short time", () => {
  const million = 1_000_000;
  for (
    const text of [
      `[${"NaN,".repeat(million)}1]`,
      `["${'\\"'.repeat(million)}",NaN]`,
      `["${"\\\\".repeat(million)}",NaN]`,
      `[${"-0,".repeat(million)}NaN]`,
      `[${'"",'.repeat(million)}NaN]`,
      `[${`${"[".repeat(1_000)}NaN${"]".repeat(1_000)},`.repeat(500)}0]`,
    ]
  ) {
    const started = performance.now();
    read(text);
    const tookMs = performance.now() - started;
    if (tookMs > 10_000) throw new Error(`${text.slice(0, 9)} took ${tookMs}`);
  }
});

Deno.test("json refuses megabytes of brackets before it reads them", () => {
  for (const close of ["", "]"]) {
    const bomb = `${"[".repeat(8_000_000)}NaN${close.repeat(8_000_000)}`;
    assertThrows(() => read(bomb), SyntaxError, "deep");
  }
});
