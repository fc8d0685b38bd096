import { closingQuote, COLON, QUOTE, skipSpace } from "./_text.ts";
import { hashText, Shapes } from "../types/_shapes.ts";
import {
  DOUBLE_BYTES,
  MAP_BYTES,
  SLOT_BYTES,
  TEXT_BYTES,
  tooHeavy,
  UNIT_BYTES,
} from "../types/_weight.ts";

/** Deeper than a `TypeTable` can be set to, so that the user's limit decides. */
export const MAX_JSON_DEPTH: number = 1_024;

/** The most that a byte of JSON can weigh: a new shape takes six, `"a":0,`. */
export const MAX_JSON_WEIGHT_PER_BYTE: number = 72;

const COMMA = 0x2c;
const DOT = 0x2e;
const LOWER_E = 0x65;
const UPPER_E = 0x45;
const UPPER_I = 0x49;
const UPPER_N = 0x4e;
/** `[` and `{`, and `]` and `}`, differ by this bit. */
const CURLY = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/** What a text holds that calls for care when it is parsed. */
export interface JsonScan {
  /** `NaN` or `Infinity` outside of strings, which JSON does not know. */
  readonly hasBareWord: boolean;
}

/**
 * Looks at JSON before a parser takes memory and time for it. What is no JSON
 * is left to the parser: up to its first error both see the same.
 *
 * @throws {SyntaxError} If it is nested deeper than any limit allows.
 * @throws {ProtocolError} If what it holds weighs more than `maxWeight`.
 */
export function scanJson(text: string, maxWeight: number): JsonScan {
  let weight = 0;
  let depth = 0;
  let hasBareWord = false;
  const shapes = new Shapes();
  /** The shape of the map at each depth, as far as it was read. */
  const shapeAt = new Int32Array(MAX_JSON_DEPTH + 1);
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) {
      const start = at + 1;
      at = closingQuote(text, start);
      if (text.charCodeAt(skipSpace(text, at + 1)) === COLON) {
        const hash = hashText(text, start, at);
        shapeAt[depth] = shapes.with(shapeAt[depth]!, hash);
      } else weight += TEXT_BYTES + UNIT_BYTES * (at - start);
    } else if (unit === COMMA) weight += SLOT_BYTES;
    else if (unit === DOT || unit === LOWER_E || unit === UPPER_E) {
      weight += DOUBLE_BYTES;
    } else if (unit === UPPER_N || unit === UPPER_I) hasBareWord = true;
    else if ((unit | CURLY) === CLOSING) {
      if (depth > 0) depth--;
    } else if ((unit | CURLY) === OPENING) {
      if (++depth > MAX_JSON_DEPTH) throw tooDeep(at);
      shapeAt[depth] = 0;
      weight += MAP_BYTES + SLOT_BYTES;
    }
  }
  weight += shapes.weight;
  if (weight > maxWeight) throw tooHeavy(maxWeight);
  return { hasBareWord };
}

function tooDeep(at: number): SyntaxError {
  return new SyntaxError(
    `Cannot read JSON at character ${at}: it is nested deeper than ${MAX_JSON_DEPTH} levels`,
  );
}
