import { putOwn } from "../types/_peer_data.ts";
import {
  closingQuote,
  COLON,
  MAX_JSON_DEPTH,
  skipSpace,
  tooDeep,
} from "./_scan.ts";

/**
 * Part of all substitutes. Random, so that no text contains it by chance; a
 * peer that guesses it only changes its own words and keys. ASCII, because any
 * other character would double the memory of most texts.
 */
const MARK = `${1_000_000 + crypto.getRandomValues(new Uint32Array(1))[0]!}e`;

/**
 * Numbers that replace bare words, also inside strings. The spaces separate
 * them from their neighbours, so that text such as `1NaN` stays an error.
 */
const NAN_TOKEN = ` ${MARK}-20 `;
const PLUS_TOKEN = ` ${MARK}999 `;
const MINUS_TOKEN = ` -${MARK}999 `;

const NAN_NUMBER = Number(NAN_TOKEN);

/**
 * Reads JSON that `JSON.parse` cannot read: `NaN`, `Infinity` and `-Infinity`
 * as Python's `json` writes them, and escapes in keys. `JSON.parse` of V8 15
 * remembers keys between calls, and may mistake a key with an escape for one of
 * them. This function replaces such words and keys in the text, and restores
 * them in the parsed value.
 *
 * @throws {SyntaxError} If the text is anything else, or nested more than 1,024
 * levels deep.
 */
export function readOddJson(text: string): unknown {
  const keys: KeyMap = new Map();
  const withoutKeys = replaceKeys(text, keys);
  const replaced = replaceWords(withoutKeys);
  const hasWords = replaced !== withoutKeys;
  return restore(JSON.parse(replaced), 0, { keys, hasWords });
}

/** The keys that a text spells with escapes, by their substitutes. */
type KeyMap = Map<string, string>;

/** The replacements in a text. */
interface Replaced {
  readonly keys: KeyMap;
  readonly hasWords: boolean;
}

function replaceWords(text: string): string {
  // For many words this takes a quarter of the time of `replaceAll`.
  return text.split("-Infinity").join(MINUS_TOKEN)
    .split("Infinity").join(PLUS_TOKEN)
    .split("NaN").join(NAN_TOKEN);
}

function restoreWords(text: string): string {
  if (!text.includes(MARK)) return text;
  return text.replaceAll(MINUS_TOKEN, "-Infinity")
    .replaceAll(PLUS_TOKEN, "Infinity")
    .replaceAll(NAN_TOKEN, "NaN");
}

function replaceKeys(text: string, keys: KeyMap): string {
  const parts: string[] = [];
  let copied = 0;
  let start = text.indexOf('"');
  while (start !== -1) {
    const end = closingQuote(text, start + 1) + 1;
    if (text.charCodeAt(skipSpace(text, end)) === COLON) {
      const token = text.slice(start, end);
      if (token.includes("\\")) {
        parts.push(text.slice(copied, start), withoutEscapes(token, keys));
        copied = end;
      }
    }
    start = text.indexOf('"', end);
  }
  return parts.join("") + text.slice(copied);
}

/**
 * Returns the token of a key without backslashes. All spellings of a key get
 * the same token, so that the last of several equal keys in a map wins.
 */
function withoutEscapes(token: string, keys: KeyMap): string {
  // `JSON.parse` reads a single string correctly, because it has no keys.
  const key = JSON.parse(token);
  const substitute = JSON.stringify(key).slice(1, -1)
    .replaceAll('"', "u0022").replaceAll("\\", MARK);
  keys.set(substitute, key);
  return `"${substitute}"`;
}

function restore(value: unknown, depth: number, replaced: Replaced): unknown {
  if (value === NAN_NUMBER) return NaN;
  const { keys, hasWords } = replaced;
  if (typeof value === "string") return hasWords ? restoreWords(value) : value;
  if (typeof value !== "object" || value === null) return value;
  if (depth === MAX_JSON_DEPTH) throw tooDeep();
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      value[at] = restore(value[at], depth + 1, replaced);
    }
    return value;
  }
  const map: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    const plain = hasWords ? restoreWords(key) : key;
    putOwn(map, keys.get(plain) ?? plain, restore(item, depth + 1, replaced));
  }
  return map;
}
