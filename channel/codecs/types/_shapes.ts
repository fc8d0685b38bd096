import { DICTIONARY_KEY_BYTES, NEW_SHAPE_BYTES } from "./_weight.ts";

/** The number of shapes that are remembered: a power of two. */
const SLOTS = 4_096;

/** Longer keys count as new each time: comparing them would cost too much. */
const MAX_KEY_UNITS = 64;

/**
 * Factors of the hashes: odd, and random in each process, so that no peer can
 * choose keys whose hashes collide. For security they do not come from the
 * world's random numbers, which a simulator may repeat.
 */
const KEY_FACTOR = randomOdd();
const SHAPE_FACTOR = randomOdd();

function randomOdd(): number {
  return crypto.getRandomValues(new Int32Array(1))[0]! | 1;
}

/** A map with more keys becomes a V8 dictionary, which has no shape. */
const MOST_KEYS = 127;

/** The number of bits in a shape for its number of keys. */
const COUNT_BITS = 7;

/**
 * Weighs the keys of maps. V8 makes a new hidden class for each key that no
 * earlier map had after the same keys, which takes far more time and memory
 * than a known key. A shape is a number that stands for such a class.
 */
export class Shapes {
  /** The weight of all keys so far, in bytes. */
  weight = 0;
  readonly #seen = new Int32Array(SLOTS);

  /**
   * Returns the shape of a map after adding a key to a map of `shape`, and
   * weighs the key. A map without keys has the shape 0.
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

/** Returns the hash of the key from `start` to before `end` in a text. */
export function hashKey(text: string, start: number, end: number): number {
  // Another hash each time.
  if (end - start > MAX_KEY_UNITS) return ++longKeys;
  let hash = end - start;
  for (let at = start; at < end; at++) {
    hash = Math.imul(hash ^ text.charCodeAt(at), KEY_FACTOR);
    hash ^= hash >>> 15;
  }
  return hash;
}

let longKeys = 0;
