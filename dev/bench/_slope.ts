import { summarize } from "./_pairs.ts";

/** One measurement of something that grows. */
export interface Point {
  /** How much there is of it. */
  readonly x: number;
  /** What it costs. */
  readonly y: number;
  /** By what factor the quartiles of `y` lie apart; 1 is no noise. */
  readonly strays: number;
}

/** A point without its noise. */
type Place = Pick<Point, "x" | "y">;

/** The middle of some measurements at `x`. */
export function pointOf(x: number, measured: readonly number[]): Point {
  const { median, lower, upper } = summarize(measured);
  return { x, y: median, strays: upper / lower };
}

/** What noise alone can add to a slope between points of these. */
export function slopeNoise(points: readonly Point[]): number {
  const most = Math.max(...points.map(({ strays }) => strays));
  return Math.log(most) / Math.log(LEAST_FACTOR);
}

/**
 * By what power of `x` the cost `y` grows between two points: 1 is in
 * proportion, 0 not at all.
 */
export function slope(from: Place, to: Place): number {
  return Math.log(to.y / from.y) / Math.log(to.x / from.x);
}

/** Between points nearer than that, noise is as steep as anything. */
const LEAST_FACTOR = 10;

/**
 * The steepest slope between any two points that lie a factor of ten apart,
 * or more; `NaN` if none do.
 */
export function steepestSlope(points: readonly Place[]): number {
  const slopes = points.flatMap((from) =>
    points.filter((to) => to.x >= LEAST_FACTOR * from.x)
      .map((to) => slope(from, to))
  );
  return slopes.length === 0 ? NaN : Math.max(...slopes);
}
