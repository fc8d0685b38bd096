import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import {
  type Random,
  randomInteger,
  seededRandom,
} from "../../../testing/network/random.ts";
import { putOwn } from "../types/_peer_data.ts";
import { readOddJson } from "./_odd.ts";
import { hasEscapedKey } from "./_scan.ts";
import { json } from "./json.ts";

const decode = (text: string) => json().decode(new TextEncoder().encode(text));

/** A value, and a text that represents it. */
interface Sample {
  readonly value: unknown;
  readonly text: string;
}

const UNITS = [
  ...'ab/"\\\b\f\n\r\t',
  "\0",
  "\x1f",
  "\x7f",
  "ä",
  "\u2028",
  "日",
  "\ud83d",
  "\ude00",
  "\ufeff",
  "n",
  "u",
];
const KEYS = ["", "b", "\\", "\n", "n", "u00e4", "ä", "__proto__", "7", "then"];
const SHORT: Readonly<Record<string, string>> = {
  '"': '\\"',
  "\\": "\\\\",
  "/": "\\/",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

function randomText(random: Random): string {
  const length = randomInteger(random, 0, random() < 0.1 ? 40 : 5);
  return Array.from({ length }, () => pick(random, UNITS)).join("");
}

function pick<T>(random: Random, list: readonly T[]): T {
  return list[randomInteger(random, 0, list.length - 1)]!;
}

/** Writes a string, each unit in a random form that JSON allows. */
function write(random: Random, text: string): string {
  const units = Array.from({ length: text.length }, (_, at) => {
    const unit = text[at]!;
    const code = text.charCodeAt(at);
    const mustEscape = code < 0x20 || unit === '"' || unit === "\\" ||
      (code >= 0xd800 && code <= 0xdfff);
    if (!mustEscape && random() < 0.7) return unit;
    const short = SHORT[unit];
    if (short !== undefined && random() < 0.5) return short;
    const hex = code.toString(16).padStart(4, "0");
    return `\\u${random() < 0.5 ? hex : hex.toUpperCase()}`;
  });
  return `"${units.join("")}"`;
}

function randomSample(random: Random, words: boolean, depth = 0): Sample {
  const space = pick(random, ["", "", " ", "\n\t", "\r "]);
  const kind = randomInteger(random, 0, depth < 4 ? 5 : 3);
  if (kind === 0) {
    const value = pick(random, [0, -0, 1, -7, 1.5, 1e21, -1e-9, 123456789]);
    const text = Object.is(value, -0) ? "-0" : String(value);
    return { value, text: `${space}${text}${space}` };
  }
  if (kind === 1) {
    const value = randomText(random);
    return { value, text: `${space}${write(random, value)}${space}` };
  }
  if (kind === 2) {
    const value = pick(random, [null, true, false]);
    return { value, text: `${space}${value}${space}` };
  }
  if (kind === 3) {
    const value = pick(random, words ? [NaN, Infinity, -Infinity] : [1, 2]);
    return { value, text: String(value) };
  }
  const size = randomInteger(random, 0, 4);
  const items = Array.from(
    { length: size },
    () => randomSample(random, words, depth + 1),
  );
  if (kind === 4) {
    const text = items.map((item) => item.text).join(",");
    return { value: items.map((item) => item.value), text: `[${text}]` };
  }
  const map = {};
  const members = items.map(({ value, text }) => {
    const key = random() < 0.6 ? pick(random, KEYS) : randomText(random);
    putOwn(map, key, value);
    return `${space}${write(random, key)}${space}:${text}`;
  });
  return { value: map, text: `${space}{${members.join(",")}${space}}` };
}

/** Returns a form that shows all differences, including the order of keys. */
function spell(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(spell).join()}]`;
  if (typeof value === "object" && value !== null) {
    assertStrictEquals(Object.getPrototypeOf(value), Object.prototype);
    const members = Object.entries(value).map(
      ([key, item]) => `${JSON.stringify(key)}:${spell(item)}`,
    );
    return `{${members.join()}}`;
  }
  if (Object.is(value, -0)) return "-0";
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

for (const words of [false, true]) {
  const what = words ? "with Python's words" : "without them";
  Deno.test(`readOddJson reads random texts ${what} as they are meant`, () => {
    const random = seededRandom(11);
    for (let run = 0; run < 5_000; run++) {
      const { value, text } = randomSample(random, words);
      assertStrictEquals(spell(readOddJson(text)), spell(value), text);
    }
  });
}

Deno.test("json reads random keys as they are meant, whatever came before", () => {
  const random = seededRandom(12);
  let escaped = 0;
  for (let run = 0; run < 20_000; run++) {
    const { value, text } = randomSample(random, run % 4 === 0);
    if (hasEscapedKey(text)) escaped++;
    assertStrictEquals(spell(decode(text)), spell(value), text);
  }
  assertEquals(escaped > 2_000, true, `only ${escaped} had such keys`);
});

Deno.test("json takes no key for one that another text escaped", () => {
  decode('{"b":1,"\\\\":2}');
  assertEquals(decode('{"b":1,"\\n":2}'), { b: 1, "\n": 2 });
  decode('{"a":1,"\\\\u":2}');
  assertEquals(decode('{"a":1,"\\u00e4\\u00e4":2}'), { a: 1, "ää": 2 });
});

Deno.test("json takes the later of equal keys, however each is spelled", () => {
  assertEquals(decode('{"a":1,"\\u0061":2,"a":3}'), { a: 3 });
  assertEquals(decode('{"\\n":1,"\\u000a":2,"b":3}'), { "\n": 2, b: 3 });
  assertEquals(decode('{"\\u0022":1,"\\"":2}'), { '"': 2 });
});

Deno.test("json reads bare words of Python in texts and keys as they are", () => {
  const text =
    '{"NaN\\n":"-Infinity NaN","Infinity":["\\ud800",NaN],"-NaN":"-NaN"}';
  assertEquals(decode(text), {
    "NaN\n": "-Infinity NaN",
    "Infinity": ["\ud800", NaN],
    "-NaN": "-NaN",
  });
});

Deno.test("hasEscapedKey finds a backslash in keys only", () => {
  for (
    const text of [
      '{"\\n":1}',
      '{"a":"\\n","b\\\\":1}',
      '["\\"",{"\\u00e4" \n\t\r : 1}]',
      `{"${"x".repeat(100)}\\"${"y".repeat(100)}":1}`,
      `{"a":"${"\\\\".repeat(50)}","${"z".repeat(50)}\\/":0}`,
    ]
  ) assertEquals(hasEscapedKey(text), true, text);
  for (
    const text of [
      "",
      '{"a":1}',
      '{"a":"\\n"}',
      '{"a":"\\\\"}',
      '["\\":",{"a":"\\":"}]',
      '["\\"',
      '"\\',
      `["${"x".repeat(100)}\\"${"y".repeat(100)}",{"b":1}]`,
    ]
  ) assertEquals(hasEscapedKey(text), false, text);
});

Deno.test("readOddJson refuses what JSON.parse refuses", () => {
  const random = seededRandom(13);
  const counts = { read: 0, refused: 0 };
  for (let run = 0; run < 20_000; run++) {
    const { text } = randomSample(random, false);
    const at = randomInteger(random, 0, text.length);
    const put = pick(random, [...'"\\{}[]:,01-.e \n\0u', ""]);
    const end = at + randomInteger(random, 0, 2);
    const changed = text.slice(0, at) + put + text.slice(end);
    const wanted = attempt(() => JSON.parse(changed));
    // The result of `JSON.parse` for such keys is not reliable.
    const isRead = attempt(() => readOddJson(changed));
    assertEquals(isRead.ok, wanted.ok, JSON.stringify(changed));
    counts[wanted.ok ? "read" : "refused"]++;
  }
  assertEquals(counts.read > 1_000 && counts.refused > 1_000, true);
});

function attempt(run: () => unknown): { ok: boolean } {
  try {
    run();
    return { ok: true };
  } catch (error) {
    assertStrictEquals((error as Error).name, "SyntaxError");
    return { ok: false };
  }
}

Deno.test("readOddJson takes 1,024 levels and not one more", () => {
  readOddJson("[".repeat(1_024) + "]".repeat(1_024));
  readOddJson('{"a":'.repeat(1_024) + "1" + "}".repeat(1_024));
  const tooDeep = "[".repeat(1_025) + "]".repeat(1_025);
  assertThrows(() => readOddJson(tooDeep), SyntaxError, "1024 levels");
});
