/**
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
 * A number literal that no writer has a reason to use. It stands for `NaN`
 * while the text is parsed; where it occurs as data, it is written otherwise
 * first, so that the two cannot be confused.
 */
const NAN_LITERAL = "-0e-0";

/** The same number as {@linkcode NAN_LITERAL}, in other letters. */
const NEGATIVE_ZERO = "-0";

/** A literal that every parser reads as infinity. */
const INFINITY_LITERAL = "1e999";

/**
 * Parses text that `JSON.parse` refused.
 *
 * @throws `refusal`, the error of that attempt, if there is nothing of
 * Python's in the text.
 * @throws {SyntaxError} If something else is wrong with it as well.
 */
export function parsePythonJson(text: string, refusal: unknown): unknown {
  const rewritten = rewrite(text);
  if (rewritten === null) throw refusal;
  return rewritten.holdsNan
    ? JSON.parse(rewritten.text, reviveNan as (key: string) => unknown)
    : JSON.parse(rewritten.text);
}

function reviveNan(
  _key: string,
  value: unknown,
  context: { source?: string },
): unknown {
  return context.source === NAN_LITERAL ? NaN : value;
}

/** Puts literals that JSON knows for the bare words, outside of strings. */
function rewrite(text: string): { text: string; holdsNan: boolean } | null {
  let out = "";
  let copied = 0;
  let found = false;
  let holdsNan = false;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') {
      at = endOfString(text, at);
      continue;
    }
    if (char !== "N" && char !== "I" && char !== "-") continue;
    const token = tokenAt(text, at);
    if (token === null) continue;
    out += text.slice(copied, at) + token.literal;
    copied = at + token.length;
    at = copied - 1;
    found ||= token.bare;
    holdsNan ||= token.literal === NAN_LITERAL;
  }
  return found ? { text: out + text.slice(copied), holdsNan } : null;
}

interface Token {
  /** What to write in its place. */
  readonly literal: string;
  readonly length: number;
  /** Whether it is one of Python's words. */
  readonly bare: boolean;
}

const TOKENS: ReadonlyMap<string, Token> = new Map([
  ["NaN", { literal: NAN_LITERAL, length: 3, bare: true }],
  ["Infinity", { literal: INFINITY_LITERAL, length: 8, bare: true }],
  ["-Infinity", { literal: `-${INFINITY_LITERAL}`, length: 9, bare: true }],
  [NAN_LITERAL, { literal: NEGATIVE_ZERO, length: 5, bare: false }],
]);

/** The token that begins at `at`, if it stands by itself. */
function tokenAt(text: string, at: number): Token | null {
  if (at > 0 && !isBoundary(text[at - 1]!)) return null;
  for (const [word, token] of TOKENS) {
    if (!text.startsWith(word, at)) continue;
    const end = at + token.length;
    if (end === text.length || isBoundary(text[end]!)) return token;
  }
  return null;
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
