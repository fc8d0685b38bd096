import { type Random, randomInteger } from "../../testing/network/random.ts";

/** Returns one of `items`. */
export function pick<T>(random: Random, items: readonly T[]): T {
  return items[randomInteger(random, 0, items.length - 1)]!;
}
