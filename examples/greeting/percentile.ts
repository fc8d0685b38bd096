/**
 * The `percent` percentile of `sorted` by nearest rank: the smallest of its
 * values that at least `percent` of a hundred do not exceed.
 */
export function percentile(sorted: readonly number[], percent: number): number {
  const rank = Math.max(1, Math.ceil(sorted.length * percent / 100));
  return sorted[rank - 1] ?? NaN;
}
