/** Text up to this length is read without the decoder while it is ASCII. */
const PLAIN_TEXT = 24;

/** Decoders that keep U+FEFF at the start of a text, where it is data. */
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/**
 * Reads text from `start` to before `end`.
 *
 * @throws {SyntaxError} If it is not UTF-8.
 */
export function readText(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  if (end - start > PLAIN_TEXT) return decode(bytes, start, end);
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte > 0x7f) return decode(bytes, start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * The lenient decoder is several times faster and replaces bad bytes with
 * U+FFFD, so only text that holds that character is decoded a second time.
 */
function decode(bytes: Uint8Array, start: number, end: number): string {
  const part = bytes.subarray(start, end);
  const text = lenient.decode(part);
  if (!text.includes("\ufffd")) return text;
  try {
    return strict.decode(part);
  } catch {
    throw new SyntaxError(
      `Cannot read MessagePack at byte ${start}: text is not UTF-8`,
    );
  }
}

/** The most keys that are remembered: a power of two. */
const SLOTS = 1024;

/** Remembered keys, each at an index computed from its bytes. */
const remembered = new Array<string>(SLOTS).fill("");

/**
 * Reads a short key of a map as text. Messages repeat their keys, so a
 * remembered key is compared with the bytes instead of being created again. V8
 * then also finds it in objects at once. A new key replaces the key at its
 * index, so that no peer can make this take more memory or time.
 *
 * @throws {SyntaxError} If it is not UTF-8.
 */
export function readKey(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  let hash = length;
  for (let at = start; at < end; at++) {
    hash = Math.imul(hash, 31) + bytes[at]! | 0;
  }
  const slot = hash & (SLOTS - 1);
  const known = remembered[slot]!;
  if (known.length === length && isText(bytes, start, known)) return known;
  const key = readText(bytes, start, end);
  // Only ASCII has as many units as bytes.
  if (key.length === length) remembered[slot] = key;
  return key;
}

function isText(bytes: Uint8Array, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    if (bytes[start + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}
