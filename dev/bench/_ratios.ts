/**
 * Ratios that hold on a noisy machine: two sides run in many short turns, one
 * right after the other and in swapped order, so that what slows the machine
 * for a while slows both.
 */

/** So many pairs are measured, however long they take. */
const LEAST_PAIRS = 9;

/** The share of the pairs that counts. */
const QUIET_SHARE = 1 / 3;

/** One side of a pair. */
export interface Measurement {
  readonly value: number;
  /** How long its processes waited for a core that others had. */
  readonly waitedUs: number;
}

/**
 * Measures both sides `count` times and returns the ratios of the second side
 * to the first. Every other time the second side goes first, so that neither
 * profits from what the other leaves behind. Of all pairs the third counts
 * whose processes waited least for a core, and all where none of them waited:
 * what else runs on the machine says nothing about the two sides. On a machine
 * that is busy it stops after `limitMs`.
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

/** Returns the third that waited least for a core; all that did not wait. */
export function quietest<T extends Pick<Measurement, "waitedUs">>(
  all: readonly T[],
): T[] {
  const waits = all.map(({ waitedUs }) => waitedUs).sort((a, b) => a - b);
  const most = quantile(waits, QUIET_SHARE);
  return all.filter(({ waitedUs }) => waitedUs <= most);
}

/** The middle of some numbers, and where half of them lie. */
export interface Summary {
  readonly median: number;
  /** A quarter of the numbers lie below. */
  readonly lower: number;
  /** A quarter of the numbers lie above. */
  readonly upper: number;
  /** How many numbers there are. */
  readonly count: number;
}

/** Returns median and quartiles, between two numbers by straight line. */
export function summarize(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    lower: quantile(sorted, 0.25),
    upper: quantile(sorted, 0.75),
    count: sorted.length,
  };
}

/** Returns the quantile of sorted numbers at `part`; `NaN` of none. */
export function quantile(sorted: ArrayLike<number>, part: number): number {
  const at = (sorted.length - 1) * part;
  const below = sorted[Math.floor(at)] ?? NaN;
  const above = sorted[Math.ceil(at)] ?? NaN;
  return below + (above - below) * (at - Math.floor(at));
}

/** Returns half of the distance between the quartiles. */
export function spreadOf({ lower, upper }: Summary): number {
  return (upper - lower) / 2;
}

/**
 * Returns how far the median may be from that of endless measurements, with a
 * confidence of 95 %: the notches of a box plot.
 */
export function noiseOf(summary: Summary): number {
  return 1.57 * 2 * spreadOf(summary) / Math.sqrt(summary.count);
}

/** The bound that a measurement should keep. */
export type Target = { readonly atMost: number } | { readonly atLeast: number };

/** Noise beyond this share of what was found, or wanted, says nothing. */
const TOO_NOISY = 0.15;

/** `"within noise"` is nearer to the target than the noise. */
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
  /** `null` if any value will do. */
  readonly target: Target | null;
}

/** Returns the verdict of a check; `null` without a target. */
export function verdictOf({ found, target }: Check): Verdict | null {
  return target && judge(found.median, target, noiseOf(found));
}
