import { putOwn } from "../types/_peer_data.ts";
import {
  BACKSLASH,
  closingQuote,
  COLON,
  COMMA,
  LIST_END,
  LIST_START,
  MAP_END,
  MAP_START,
  MAX_JSON_DEPTH,
  QUOTE,
  skipSpace,
  tooDeep,
} from "./_scan.ts";

/** A slice of more units would keep the whole text in memory. */
const COPIED_UNITS = 12;

/** A number, in JSON's grammar. */
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/** An integer of so many digits is exact, however it is put together. */
const SHORT_DIGITS = 9;

const MINUS = 0x2d;
const ZERO = 0x30;

/** Values that stand bare, by their first unit; the last three are Python's. */
const WORDS: ReadonlyMap<number, readonly [word: string, value: unknown]> =
  new Map(
    ([
      ["null", null],
      ["true", true],
      ["false", false],
      ["NaN", NaN],
      ["Infinity", Infinity],
      ["-Infinity", -Infinity],
    ] as const).map((pair) => [pair[0].charCodeAt(0), pair]),
  );

interface Reader {
  readonly text: string;
  /** Where the next token begins, or white space before it. */
  at: number;
  depth: number;
}

/**
 * Reads JSON without `JSON.parse`, several times slower, for two kinds of text
 * that `JSON.parse` cannot read: `NaN`, `Infinity` and `-Infinity` as Python's
 * `json` writes them, and keys with an escape. `JSON.parse` of V8 15 remembers
 * keys from one call to the next, and may take a key with an escape for one of
 * those.
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
  if (bare !== undefined && text.startsWith(bare[0], reader.at)) {
    reader.at += bare[0].length;
    return bare[1];
  }
  const number = readNumber(reader);
  if (number === undefined) throw unexpected(reader);
  return number;
}

function readNumber(reader: Reader): number | undefined {
  const { text, at: start } = reader;
  // A short integer without the expression takes half of its time.
  const first = text.charCodeAt(start) === MINUS ? start + 1 : start;
  let at = first;
  let value = 0;
  let digit = text.charCodeAt(at) - ZERO;
  while (digit >= 0 && digit <= 9 && at < first + SHORT_DIGITS) {
    value = value * 10 + digit;
    digit = text.charCodeAt(++at) - ZERO;
  }
  const hasZeroInFront = at > first + 1 && text.charCodeAt(first) === ZERO;
  if (at > first && isEnd(text.charCodeAt(at)) && !hasZeroInFront) {
    reader.at = at;
    return first === start ? value : -value;
  }
  NUMBER.lastIndex = start;
  if (!NUMBER.test(text)) return undefined;
  reader.at = NUMBER.lastIndex;
  return Number(text.slice(start, reader.at));
}

function isEnd(unit: number): boolean {
  return unit === COMMA || unit === LIST_END || unit === MAP_END;
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

/** Enters a list or map; leaves it and returns `true` if it is empty. */
function isEmpty(reader: Reader, end: number): boolean {
  if (reader.depth >= MAX_JSON_DEPTH) throw tooDeep(reader.at);
  reader.at = skipSpace(reader.text, reader.at + 1);
  if (reader.text.charCodeAt(reader.at) === end) {
    reader.at++;
    return true;
  }
  reader.depth++;
  return false;
}

/** Passes over a comma and returns `true`, or leaves the list or map. */
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

/** Reads a short text; returns `null` if it is longer or wrong. */
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
    const escape = text.charAt(at + 1);
    const escaped = escape === "u"
      ? readHex(text, at + 2)
      : MEANT_UNITS[ESCAPED_UNITS.indexOf(escape)];
    if (escaped === undefined) return null;
    value += text.slice(copied, at) + escaped;
    at += escape === "u" ? 5 : 1;
    copied = at + 1;
  }
  return value + text.slice(copied, end);
}

const ESCAPED_UNITS = '"\\/bfnrt';
const MEANT_UNITS = '"\\/\b\f\n\r\t';

const HEX_DIGITS = /[0-9a-fA-F]{4}/y;

/** Returns the unit for four hexadecimal digits, if they are at `at`. */
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
