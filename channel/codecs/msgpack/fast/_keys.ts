import { readText } from "./_text.ts";

/** How many keys are remembered at most: a power of two. */
const SLOTS = 1024;

/** Keys that were read, each where its bytes lead to. */
const remembered = new Array<string>(SLOTS).fill("");

/**
 * Reads the key of a map as text. The same keys come again and again: one that
 * is remembered is compared with the bytes, not made anew, and then found in
 * objects at once. A key takes the place of another that leads to the same
 * slot, so that nobody can make this take more memory or time.
 *
 * @throws {TypeError} If it is not UTF-8.
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
