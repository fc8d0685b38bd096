import { hashKey, Shapes } from "../types/_shapes.ts";
import {
  DOUBLE_BYTES,
  MAP_BYTES,
  SLOT_BYTES,
  TEXT_BYTES,
  tooHeavy,
  UNIT_BYTES,
} from "../types/_weight.ts";

/**
 * The deepest nesting that is read. Higher than the maximum of a `TypeTable`,
 * so that the user's limit decides.
 */
export const MAX_JSON_DEPTH: number = 1_024;

const SPACE = 0x20;
export const QUOTE = 0x22;
const BACKSLASH = 0x5c;
export const COLON = 0x3a;
const COMMA = 0x2c;
const MAP_START = 0x7b;
const MAP_END = 0x7d;

const DOT = 0x2e;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
const UPPER_I = 0x49;
const UPPER_N = 0x4e;
/** `[` and `{`, and `]` and `}`, differ by this bit. */
const CURLY = 0x20;

/**
 * The most that a byte of JSON can weigh. The worst case is `"":{},`: six bytes
 * for a key that makes a new shape and has a map as its value.
 */
export const MAX_JSON_WEIGHT_PER_BYTE: number = 80;

/**
 * Weighs JSON before a parser spends memory and time on it, and returns whether
 * it holds `NaN` or `Infinity` outside of strings. Leaves syntax errors to the
 * parser, which reads the same text up to the first error.
 *
 * @throws {SyntaxError} If it is nested deeper than any limit allows.
 * @throws {ProtocolError} If its values weigh more than `maxWeight`.
 */
export function scanJson(text: string, maxWeight: number): boolean {
  let weight = 0;
  let depth = 0;
  let hasBareWord = false;
  const shapes = new Shapes();
  // The shape of the open map at each depth, by the keys read so far.
  const shapeAt = new Int32Array(MAX_JSON_DEPTH + 1);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      const start = at + 1;
      at = closingQuote(text, start);
      if (text.charCodeAt(skipSpace(text, at + 1)) === COLON) {
        const hash = hashKey(text, start, at);
        shapeAt[depth] = shapes.with(shapeAt[depth]!, hash);
      } else weight += TEXT_BYTES + UNIT_BYTES * (at - start);
    } else if (unit === COMMA) weight += SLOT_BYTES;
    else if (unit === DOT || unit === LOWER_E || unit === UPPER_E) {
      weight += DOUBLE_BYTES;
    } else if (unit === UPPER_N || unit === UPPER_I) hasBareWord = true;
    else if ((unit | CURLY) === MAP_END) {
      if (depth > 0) depth--;
    } else if ((unit | CURLY) === MAP_START) {
      if (++depth > MAX_JSON_DEPTH) throw tooDeep();
      shapeAt[depth] = 0;
      weight += MAP_BYTES + SLOT_BYTES;
    }
  }
  weight += shapes.weight;
  if (weight > maxWeight) throw tooHeavy(maxWeight);
  return hasBareWord;
}

/** Strings up to this length are scanned unit by unit. */
const NEAR = 32;

/**
 * Returns the index of the quote that closes the string around `start`, or the
 * length of the text. `start` must not be within an escape.
 */
export function closingQuote(text: string, start: number): number {
  let at = start;
  while (at < text.length) {
    const near = at + NEAR;
    for (; at < near; at++) {
      const unit = text.charCodeAt(at);
      if (unit === QUOTE) return at;
      if (unit === BACKSLASH) at++;
    }
    const quote = text.indexOf('"', at);
    if (quote === -1) break;
    if (!isEscaped(text, at, quote)) return quote;
    at = quote + 1;
  }
  return text.length;
}

/** Returns whether an odd number of backslashes precedes `at`. */
function isEscaped(text: string, start: number, at: number): boolean {
  let first = at;
  while (first > start && text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

/** Returns the index of the next unit that is not white space. */
export function skipSpace(text: string, start: number): number {
  let at = start;
  let unit = text.charCodeAt(at);
  // Nearly always the first comparison decides.
  while (unit <= SPACE && isSpace(unit)) unit = text.charCodeAt(++at);
  return at;
}

function isSpace(unit: number): boolean {
  return unit === SPACE || unit === 0x0a || unit === 0x0d || unit === 0x09;
}

/**
 * Returns whether a key of an object holds an escape. Exact for valid JSON,
 * where backslashes occur only within strings.
 */
export function hasEscapedKey(text: string): boolean {
  let at = text.indexOf("\\");
  while (at !== -1) {
    const end = closingQuote(text, at);
    if (text.charCodeAt(skipSpace(text, end + 1)) === COLON) return true;
    at = text.indexOf("\\", end + 1);
  }
  return false;
}

/** Creates the error for nesting that is too deep. */
export function tooDeep(): SyntaxError {
  return new SyntaxError(
    `Cannot read JSON: it is nested deeper than ${MAX_JSON_DEPTH} levels`,
  );
}
