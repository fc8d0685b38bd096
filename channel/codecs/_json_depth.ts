/** Deeper than a `TypeTable` can be set to, so that the user's limit decides. */
const MAX_DEPTH = 1_024;

/** Shorter payloads are parsed in so little time that looking is not worth it. */
const LONG_BYTES = 64 * 1024;

/** How many bytes of a long payload are looked at to see what it is made of. */
const SAMPLES = 256;

/** From this share of brackets among them it is looked at as a whole. */
const SUSPICIOUS = SAMPLES / 4;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** `[` and `{`, and `]` and `}`, differ by this bit. */
const CURLY = 0x20;
const OPENING = 0x7b;
const CLOSING = 0x7d;

/**
 * Refuses a long payload that is made of brackets before a parser sees it: one
 * of 16 MiB occupies V8 for a second and more. The limit on depth is checked
 * after parsing and holds for all; this only stops the worst early, at a small
 * part of the cost of parsing. Which bytes are looked at is random, so that
 * nobody can put the brackets elsewhere.
 *
 * @throws {SyntaxError} If it is nested deeper than any limit allows.
 */
export function checkJsonDepth(payload: Uint8Array): void {
  if (payload.length < LONG_BYTES) return;
  let brackets = 0;
  for (let sample = 0; sample < SAMPLES; sample++) {
    const at = Math.floor(Math.random() * payload.length);
    if ((payload[at]! | CURLY) === OPENING) brackets++;
  }
  if (brackets >= SUSPICIOUS) checkAll(payload);
}

function checkAll(payload: Uint8Array): void {
  let depth = 0;
  for (let at = 0; at < payload.length; at++) {
    const byte = payload[at]!;
    if (byte === QUOTE) at = endOfString(payload, at);
    else if ((byte | CURLY) === CLOSING) depth--;
    else if ((byte | CURLY) === OPENING && ++depth > MAX_DEPTH) {
      throw new SyntaxError(
        `Cannot read JSON at byte ${at}: it is nested deeper than ${MAX_DEPTH} levels`,
      );
    }
  }
}

/** The index of the closing quote, or the end. */
function endOfString(payload: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < payload.length && payload[at] !== QUOTE) {
    at += payload[at] === BACKSLASH ? 2 : 1;
  }
  return at;
}
