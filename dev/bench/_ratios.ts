/**
 * Ratios that are reliable on a noisy machine: the two sides run in many short
 * turns, one right after the other and in alternating order, so that temporary
 * slowdowns affect both.
 */

/** The minimum number of pairs to measure, however long they take. */
const LEAST_PAIRS = 9;

/** The share of the pairs that counts. */
const QUIET_SHARE = 1 / 3;

/** One side of a pair. */
export interface Measurement {
  readonly value: number;
  /** How long its processes waited for a busy core. */
  readonly waitedUs: number;
}

/**
 * Measures both sides `count` times and returns the ratios of the second side
 * to the first. The order alternates, so that neither side benefits from what
 * the other leaves behind. Only the third of the pairs whose processes waited
 * least for a core counts, or all pairs that did not wait: other work on the
 * machine says nothing about the two sides. On a busy machine it stops after
 * `limitMs`.
 */
export async function measureRatios(
  count: number,
  measureFirst: () => Promise<Measurement>,
  measureSecond: () => Promise<Measurement>,
  limitMs: number = Infinity,
): Promise<number[]> {
  const pairs: { readonly ratio: number; readonly waitedUs: number }[] = [];
  const end = performance.now() + limitMs;
  for (let index = 0; index < count; index++) {
    if (index >= LEAST_PAIRS && performance.now() > end) break;
    const early = index % 2 === 0 ? await measureFirst() : null;
    const second = await measureSecond();
    const first = early ?? await measureFirst();
    pairs.push({
      ratio: second.value / first.value,
      waitedUs: first.waitedUs + second.waitedUs,
    });
  }
  return quietest(pairs).map(({ ratio }) => ratio);
}

/** Returns the third that waited least for a core, or all that did not wait. */
export function quietest<T extends Pick<Measurement, "waitedUs">>(
  all: readonly T[],
): T[] {
  const waits = all.map(({ waitedUs }) => waitedUs).sort((a, b) => a - b);
  const most = quantile(waits, QUIET_SHARE);
  return all.filter(({ waitedUs }) => waitedUs <= most);
}

/** The median and the quartiles of some numbers. */
export interface Summary {
  readonly median: number;
  /** The lower quartile: a quarter of the numbers are below. */
  readonly lower: number;
  /** The upper quartile: a quarter of the numbers are above. */
  readonly upper: number;
  /** The number of numbers. */
  readonly count: number;
}

/** Returns median and quartiles, with linear interpolation. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    lower: quantile(sorted, 0.25),
    upper: quantile(sorted, 0.75),
    count: sorted.length,
  };
}

/** Returns the quantile of sorted numbers at `part`; `NaN` for no numbers. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Returns half of the interquartile range. */
export function spreadOf({ lower, upper }: Summary): number {
  return (upper - lower) / 2;
}

/**
 * Returns how far the median may be from that of infinitely many measurements,
 * with a confidence of 95 %: the notches of a box plot.
 */
export function noiseOf(summary: Summary): number {
  return 1.57 * 2 * spreadOf(summary) / Math.sqrt(summary.count);
}

/** The bound that a measurement should meet. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** Noise above this share of the result, or of the target, is inconclusive. */
const TOO_NOISY = 0.15;

/** `"within noise"` means closer to the target than the noise. */
export type Verdict = "met" | "within noise" | "missed" | "too noisy";

/** Judges a measurement with a noise of `± noise`. */
export function judge(found: number, target: Target, noise: number): Verdict {
  const isMost = "atMost" in target;
  const bound = isMost ? target.atMost : target.atLeast;
  if (noise > TOO_NOISY * Math.max(found, bound)) return "too noisy";
  const missedBy = isMost ? found - bound : bound - found;
  if (missedBy <= -noise) return "met";
  return missedBy <= noise ? "within noise" : "missed";
}

/** A measurement and its target. */
export interface Check {
  readonly what: string;
  readonly unit: string;
  readonly found: Summary;
  /** The target; `null` if any value is acceptable. */
  readonly target: Target | null;
}

/** Returns the verdict of a check; `null` without a target. */
export function verdictOf({ found, target }: Check): Verdict | null {
  return target && judge(found.median, target, noiseOf(found));
}
