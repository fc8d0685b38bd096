import { putOwn } from "./_fault.ts";

/*
 * JSON with bare `NaN`, `Infinity` and `-Infinity`, as Python's `json` writes
 * and reads it.
 */

/** Writes plain data; numbers that are not finite stand bare. */
export function writePythonJson(value: unknown): string {
  return holdsNonFinite(value) ? write(value) : JSON.stringify(value);
}

function holdsNonFinite(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value)
    ? value.some(holdsNonFinite)
    : Object.values(value).some(holdsNonFinite);
}

function write(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    return String(value);
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${write(item)}`,
  );
  return `{${members.join(",")}}`;
}

/**
 * Stands for `NaN` while the text is parsed: the one number that JSON can
 * write and that the same text has no need of. Where it occurs as data beside
 * a `NaN`, it is read as `0`, so that the two cannot be confused.
 */
const NAN_LITERAL = "-0";

/** A negative number, in JSON's grammar. */
const NEGATIVE = /-(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;

/**
 * Parses text that `JSON.parse` refused.
 *
 * @throws `refusal`, the error of that attempt, if there is nothing of
 * Python's in the text.
 * @throws {SyntaxError} If something else is wrong with it as well.
 */
export function parsePythonJson(text: string, refusal: unknown): unknown {
  const mayHoldNan = text.includes("NaN");
  const rewritten = rewrite(text, mayHoldNan);
  if (rewritten === null) throw refusal;
  const value: unknown = JSON.parse(rewritten);
  return mayHoldNan ? negativeZerosToNan(value) : value;
}

/**
 * Puts literals that JSON knows for the bare words, outside of strings.
 * Returns `null` if there are none.
 */
function rewrite(text: string, mayHoldNan: boolean): string | null {
  let out = "";
  let copied = 0;
  let found = false;
  for (let at = 0; at < text.length; at++) {
    const char = text.charCodeAt(at);
    if (char === QUOTE) at = endOfString(text, at);
    if (char !== LETTER_N && char !== LETTER_I && char !== MINUS) continue;
    const token = tokenAt(text, at, mayHoldNan);
    if (token === null) continue;
    out += text.slice(copied, at) + token.literal;
    copied = at + token.length;
    at = copied - 1;
    found ||= token.bare;
  }
  return found ? out + text.slice(copied) : null;
}

const QUOTE = 0x22;
const MINUS = 0x2d;
const LETTER_I = 0x49;
const LETTER_N = 0x4e;

interface Token {
  /** What to write in its place. */
  readonly literal: string;
  readonly length: number;
  /** Whether it is one of Python's words. */
  readonly bare: boolean;
}

// Every parser reads 1e999 as infinity.
const WORDS: ReadonlyMap<string, Token> = new Map([
  ["NaN", { literal: NAN_LITERAL, length: 3, bare: true }],
  ["Infinity", { literal: "1e999", length: 8, bare: true }],
  ["-Infinity", { literal: "-1e999", length: 9, bare: true }],
]);

/** What is to be rewritten at `at`, if it stands by itself there. */
function tokenAt(text: string, at: number, mayHoldNan: boolean): Token | null {
  if (at > 0 && !isBoundary(text[at - 1]!)) return null;
  for (const [word, token] of WORDS) {
    if (text.startsWith(word, at)) return ifAlone(text, at, token);
  }
  if (!mayHoldNan) return null;
  NEGATIVE.lastIndex = at;
  const number = NEGATIVE.exec(text)?.[0];
  if (number === undefined || Number(number) !== 0) return null;
  return ifAlone(text, at, {
    literal: "0",
    length: number.length,
    bare: false,
  });
}

function ifAlone(text: string, at: number, token: Token): Token | null {
  const end = at + token.length;
  return end === text.length || isBoundary(text[end]!) ? token : null;
}

/** Whether `char` may stand beside a token: all else belongs to a longer one. */
function isBoundary(char: string): boolean {
  return ",:[]{} \n\r\t".includes(char);
}

/** The index of the closing quote, or the length of the text. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (end !== -1 && isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end === -1 ? text.length : end;
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let start = at;
  while (text[start - 1] === "\\") start--;
  return (at - start) % 2 === 1;
}

/** Works without recursion: this data has passed no limit on depth yet. */
function negativeZerosToNan(value: unknown): unknown {
  const root: unknown[] = [value];
  const open: object[] = [root];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (Array.isArray(next)) replaceInList(next, open);
    else replaceInMap(next as Record<string, unknown>, open);
  }
  return root[0];
}

function replaceInList(list: unknown[], open: object[]): void {
  for (let index = 0; index < list.length; index++) {
    const item = list[index];
    if (typeof item === "object" && item !== null) open.push(item);
    else if (Object.is(item, -0)) list[index] = NaN;
  }
}

function replaceInMap(map: Record<string, unknown>, open: object[]): void {
  for (const key of Object.keys(map)) {
    const item = map[key];
    if (typeof item === "object" && item !== null) open.push(item);
    else if (Object.is(item, -0)) putOwn(map, key, NaN);
  }
}
