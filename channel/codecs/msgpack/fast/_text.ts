/** Text up to this length is read without the decoder while it is ASCII. */
const PLAIN_TEXT = 24;

/** Keeps U+FEFF at the start of a text, where it belongs to the data. */
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

/**
 * Reads text from `start` to before `end`.
 *
 * @throws {TypeError} If it is not UTF-8.
 */
export function readText(
  bytes: Uint8Array,
  start: number,
  end: number,
): string {
  if (end - start > PLAIN_TEXT) return decode(bytes.subarray(start, end));
  let text = "";
  for (let at = start; at < end; at++) {
    const byte = bytes[at]!;
    if (byte > 0x7f) return decode(bytes.subarray(start, end));
    text += String.fromCharCode(byte);
  }
  return text;
}

/**
 * The lenient decoder is several times faster and puts U+FFFD where it met bad
 * bytes, so only text that holds that character is decoded a second time.
 */
function decode(bytes: Uint8Array): string {
  const text = lenient.decode(bytes);
  return text.includes("\ufffd") ? strict.decode(bytes) : text;
}
