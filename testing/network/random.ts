/** Returns a random number from 0 up to, but not including, 1. */
export type Random = () => number;

/**
 * Creates a generator that returns the same numbers for the same seed: a 32-bit
 * linear congruential generator with mixed output bits, for test data only.
 */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x45d9_f3b) >>> 0;
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x45d9_f3b) >>> 0;
    return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** Returns an integer from `low` to `high`, both included. */
export function randomInteger(
  random: Random,
  low: number,
  high: number,
): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** Returns `length` random bytes. */
export function randomBytes(random: Random, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = randomInteger(random, 0, 255);
  return bytes;
}

/** Shuffles `items` in place, and returns them. */
export function shuffle<T>(random: Random, items: T[]): T[] {
  for (let at = items.length - 1; at > 0; at--) {
    const other = randomInteger(random, 0, at);
    [items[at], items[other]] = [items[other]!, items[at]!];
  }
  return items;
}
