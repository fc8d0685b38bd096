/** Strings up to this length are passed over unit by unit. */
const NEAR = 32;

const SPACE = 0x20;
export const QUOTE = 0x22;
export const BACKSLASH = 0x5c;
export const COLON = 0x3a;

/**
 * The index of the quote that closes the string which holds `at`, or the
 * length of the text. `at` must not be within an escape.
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

/** Whether an odd number of backslashes stands before `at`, from `start` on. */
function isEscaped(text: string, start: number, at: number): boolean {
  let first = at;
  while (first > start && text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

/** The index of the next unit that is no white space. */
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
 * Whether a key of an object holds an escape. Exact for all valid JSON, in
 * which a backslash stands within strings only.
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
