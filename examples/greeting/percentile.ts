/**
 * Returns the `percent` percentile of `sorted` by nearest rank: the smallest
 * value such that at least `percent` % of all values do not exceed it.
 */
export function percentile(sorted: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil(sorted.length * percent / 100));
  return sorted[rank - 1] ?? NaN;
}
