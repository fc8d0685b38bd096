import { DICTIONARY_KEY_BYTES, NEW_SHAPE_BYTES } from "./_weight.ts";

/** How many shapes are remembered: a power of two. */
const SLOTS = 4_096;

/** Longer keys count as new each time: comparing them would cost too much. */
const MAX_KEY_UNITS = 64;

/**
 * Factors of the hashes, odd and different in each process, so that nobody can
 * choose keys that are taken for each other.
 */
const KEY_FACTOR = randomOdd();
const SHAPE_FACTOR = randomOdd();

function randomOdd(): number {
  return crypto.getRandomValues(new Int32Array(1))[0]! | 1;
}

/** With more keys V8 makes a dictionary of a map, which has no shape. */
const MOST_KEYS = 127;

/** As many bits of a shape hold the number of its keys. */
const COUNT_BITS = 7;

/**
 * Weighs the keys of maps. Where no map before had the same keys in the same
 * order up to one, V8 makes a new hidden class, which takes far more time and
 * memory than a key that it knows.
 */
export class Shapes {
  /** What all keys weigh, in bytes. */
  weight = 0;
  readonly #seen = new Int32Array(SLOTS);

  /**
   * The shape of a map of `shape` (0 for one without keys) with one key more.
   */
  with(shape: number, keyHash: number): number {
    const keys = shape & MOST_KEYS;
    if (keys === MOST_KEYS) {
      this.weight += DICTIONARY_KEY_BYTES;
      return shape;
    }
    const mixed = Math.imul(shape ^ keyHash, SHAPE_FACTOR);
    const next = (mixed ^ mixed >>> 15) << COUNT_BITS | keys + 1;
    const slot = (next >>> COUNT_BITS) & (SLOTS - 1);
    if (this.#seen[slot] !== next) {
      this.#seen[slot] = next;
      this.weight += NEW_SHAPE_BYTES;
    }
    return next;
  }
}

/** The hash of a key that has so many units, read by `unitAt`. */
export function hashText(text: string, start: number, end: number): number {
  if (end - start > MAX_KEY_UNITS) return anyHash();
  let hash = end - start;
  for (let at = start; at < end; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), KEY_FACTOR);
    hash ^= hash >>> 15;
  }
  return hash;
}

/** The same for a key in bytes. */
export function hashBytes(
  bytes: Uint8Array,
  start: number,
  end: number,
): number {
  if (end - start > MAX_KEY_UNITS) return anyHash();
  let hash = end - start;
  for (let at = start; at < end; at++) {
    hash = Math.imul(hash ^ bytes[at]!, KEY_FACTOR);
    hash ^= hash >>> 15;
  }
  return hash;
}

let last = 0;

/** Another one each time. */
function anyHash(): number {
  return ++last;
}
