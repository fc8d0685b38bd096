import { putOwn } from "../types/_peer_data.ts";
import { MAX_JSON_DEPTH } from "./_scan.ts";
import { BACKSLASH, closingQuote, COLON, QUOTE, skipSpace } from "./_text.ts";

/** A slice of more units would keep the whole text in memory. */
const COPIED_UNITS = 12;

/** A number, in JSON's grammar. */
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** An integer of so many digits is exact, however it is put together. */
const SHORT_DIGITS = 9;

const COMMA = 0x2c;
const MINUS = 0x2d;
const DOT = 0x2e;
const UPPER_E = 0x45;
const LOWER_E = 0x65;
const LIST_START = 0x5b;
const LIST_END = 0x5d;
const MAP_START = 0x7b;
const MAP_END = 0x7d;

interface BareWord {
  readonly word: string;
  readonly value: unknown;
}

/** What stands bare, by its first unit; three are words of Python's `json`. */
const WORDS: ReadonlyMap<number, BareWord> = new Map(
  [
    { word: "null", value: null },
    { word: "true", value: true },
    { word: "false", value: false },
    { word: "NaN", value: NaN },
    { word: "Infinity", value: Infinity },
    { word: "-Infinity", value: -Infinity },
  ].map((bare) => [bare.word.charCodeAt(0), bare]),
);

interface Reader {
  readonly text: string;
  /** Where the next token begins, or white space before it. */
  at: number;
  depth: number;
}

/**
 * Reads JSON without `JSON.parse`, several times slower than that, for what it
 * cannot do: `NaN`, `Infinity` and `-Infinity` as Python's `json` writes them,
 * and keys that hold an escape. `JSON.parse` of V8 15 remembers keys from one
 * call to the next, and may take a key with an escape for one of those.
 *
 * @throws {SyntaxError} If it is anything else, or nested more than 1,024
 * levels deep.
 */
export function readJson(text: string): unknown {
  const reader: Reader = { text, at: 0, depth: 0 };
  const value = readValue(reader);
  reader.at = skipSpace(text, reader.at);
  if (reader.at < text.length) throw unexpected(reader);
  return value;
}

function readValue(reader: Reader): unknown {
  const { text } = reader;
  reader.at = skipSpace(text, reader.at);
  const unit = text.charCodeAt(reader.at);
  switch (unit) {
    case QUOTE:
      return readText(reader);
    case LIST_START:
      return readList(reader);
    case MAP_START:
      return readMap(reader);
  }
  const bare = WORDS.get(unit);
  if (bare !== undefined && text.startsWith(bare.word, reader.at)) {
    reader.at += bare.word.length;
    return bare.value;
  }
  const number = readNumber(reader);
  if (number === undefined) throw unexpected(reader);
  return number;
}

/** Reads a number; short integers without the expression, at a fifth. */
function readNumber(reader: Reader): number | undefined {
  const { text } = reader;
  const start = reader.at;
  const isNegative = text.charCodeAt(start) === MINUS;
  const first = isNegative ? start + 1 : start;
  let at = first;
  let value = 0;
  let digit = digitAt(text, at);
  while (digit !== -1 && at < first + SHORT_DIGITS) {
    value = value * 10 + digit;
    digit = digitAt(text, ++at);
  }
  const isPlain = at > first && digit === -1 && !isPartOfNumber(text, at);
  if (isPlain && (at === first + 1 || digitAt(text, first) !== 0)) {
    reader.at = at;
    return isNegative ? -value : value;
  }
  NUMBER.lastIndex = start;
  if (!NUMBER.test(text)) return undefined;
  reader.at = NUMBER.lastIndex;
  return Number(text.slice(start, reader.at));
}

function digitAt(text: string, at: number): number {
  const digit = text.charCodeAt(at) - 0x30;
  return digit >= 0 && digit <= 9 ? digit : -1;
}

/** Whether a fraction or an exponent begins at `at`. */
function isPartOfNumber(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  return unit === DOT || unit === LOWER_E || unit === UPPER_E;
}

function readList(reader: Reader): unknown[] {
  const list: unknown[] = [];
  if (isEmpty(reader, LIST_END)) return list;
  do {
    list.push(readValue(reader));
  } while (goesOn(reader, LIST_END));
  return list;
}

function readMap(reader: Reader): Record<string, unknown> {
  const map: Record<string, unknown> = {};
  if (isEmpty(reader, MAP_END)) return map;
  do {
    reader.at = skipSpace(reader.text, reader.at);
    if (reader.text.charCodeAt(reader.at) !== QUOTE) throw unexpected(reader);
    const key = readText(reader);
    reader.at = skipSpace(reader.text, reader.at);
    if (reader.text.charCodeAt(reader.at) !== COLON) throw unexpected(reader);
    reader.at++;
    putOwn(map, key, readValue(reader));
  } while (goesOn(reader, MAP_END));
  return map;
}

/** Enters a list or map; leaves it at once if nothing is in it. */
function isEmpty(reader: Reader, end: number): boolean {
  if (reader.depth >= MAX_JSON_DEPTH) {
    throw new SyntaxError(
      `Cannot read JSON at character ${reader.at}: it is nested deeper than ${MAX_JSON_DEPTH} levels`,
    );
  }
  reader.at = skipSpace(reader.text, reader.at + 1);
  if (reader.text.charCodeAt(reader.at) === end) {
    reader.at++;
    return true;
  }
  reader.depth++;
  return false;
}

/** Passes over a comma, or the end of a list or map, which it leaves. */
function goesOn(reader: Reader, end: number): boolean {
  reader.at = skipSpace(reader.text, reader.at);
  const unit = reader.text.charCodeAt(reader.at);
  if (unit !== COMMA && unit !== end) throw unexpected(reader);
  reader.at++;
  if (unit === COMMA) return true;
  reader.depth--;
  return false;
}

function readText(reader: Reader): string {
  const { text } = reader;
  const start = reader.at + 1;
  const end = closingQuote(text, start);
  reader.at = end + 1;
  // By itself a string is read exactly: there are no keys to remember.
  return readShortText(text, start, end) ??
    JSON.parse(text.slice(start - 1, end + 1));
}

/** Reads a short text; `null` for a longer one, and one that is wrong. */
function readShortText(
  text: string,
  start: number,
  end: number,
): string | null {
  if (end === text.length) return null;
  let value = "";
  let copied = start;
  for (let at = start; at < end; at++) {
    const unit = text.charCodeAt(at);
    if (unit < 0x20 || at - copied + value.length >= COPIED_UNITS) return null;
    if (unit !== BACKSLASH) continue;
    const escape = text[at + 1]!;
    const escaped = escape === "u"
      ? readHex(text, at + 2)
      : ESCAPES.get(escape);
    if (escaped === undefined) return null;
    value += text.slice(copied, at) + escaped;
    at += escape === "u" ? 5 : 1;
    copied = at + 1;
  }
  return value + text.slice(copied, end);
}

const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
]);

const HEX_DIGITS = /[0-9a-fA-F]{4}/y;

/** The unit that four digits stand for. */
function readHex(text: string, at: number): string | undefined {
  HEX_DIGITS.lastIndex = at;
  return HEX_DIGITS.test(text)
    ? String.fromCharCode(parseInt(text.slice(at, at + 4), 16))
    : undefined;
}

function unexpected({ text, at }: Reader): SyntaxError {
  const what = at < text.length ? "an unexpected character" : "the end of it";
  return new SyntaxError(`Cannot read JSON at character ${at}: found ${what}`);
}
