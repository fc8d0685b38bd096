/**
 * Ratios that can be trusted on a noisy machine: two sides are measured in
 * many short pairs, one right after the other and in swapped order, so that
 * what slows the machine for a while slows both.
 */

/** Two measurements that were taken next to each other. */
export interface Pair {
  readonly first: number;
  readonly second: number;
}

/**
 * Measures `count` pairs. In every other pair the second side goes first, so
 * that neither profits from what the other leaves behind.
 */
export async function measurePairs(
  count: number,
  measureFirst: () => Promise<number>,
  measureSecond: () => Promise<number>,
): Promise<Pair[]> {
  const pairs: Pair[] = [];
  for (let index = 0; index < count; index++) {
    if (index % 2 === 0) {
      const first = await measureFirst();
      pairs.push({ first, second: await measureSecond() });
    } else {
      const second = await measureSecond();
      pairs.push({ first: await measureFirst(), second });
    }
  }
  return pairs;
}

/** The middle of some numbers, and where half of them lie. */
export interface Summary {
  readonly median: number;
  /** A quarter of the numbers lie below. */
  readonly lower: number;
  /** A quarter of the numbers lie above. */
  readonly upper: number;
}

/** How the second side of each pair relates to its first. */
export function summarizeRatios(pairs: readonly Pair[]): Summary {
  return summarize(pairs.map(({ first, second }) => second / first));
}

/** Median and quartiles, between two numbers by straight line. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    lower: quantile(sorted, 0.25),
    upper: quantile(sorted, 0.75),
  };
}

/** What a part of sorted numbers does not exceed; `NaN` of none. */
export function quantile(
  sorted: ArrayLike<number>,
  part: number,
): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** How far the ratio of a side to itself strays: half of what its quartiles span. */
export function spreadOf({ lower, upper }: Summary): number {
  return (upper - lower) / 2;
}

/** The standard error of a median, in halves of what the quartiles span. */
const ERROR_OF_MEDIAN = 1.86;

/** How far the median of these strays, where they are spread as errors are. */
export function medianNoise(values: readonly number[]): number {
  return spreadOf(summarize(values)) * ERROR_OF_MEDIAN /
    Math.sqrt(values.length);
}

/** What a ratio shall be. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/**
 * Noise beyond which nothing can be told: as a share of what was found, or of
 * the target where that is more.
 */
const TOO_NOISY = 0.15;

/**
 * `"met"`; `"within noise"` if it is missed by no more than the baseline
 * strays against itself; `"missed"`; or `"too noisy"` to tell.
 */
export type Verdict = "met" | "within noise" | "missed" | "too noisy";

/** Judges what was found, give or take `noise`; both as the target counts. */
export function judge(found: number, target: Target, noise: number): Verdict {
  const isMost = "atMost" in target;
  const bound = isMost ? target.atMost : target.atLeast;
  if (noise > TOO_NOISY * Math.max(found, bound)) return "too noisy";
  const missedBy = isMost ? found - bound : bound - found;
  if (missedBy <= 0) return "met";
  return missedBy <= noise ? "within noise" : "missed";
}
