/**
 * The maximum growth of the heap over all samples that counts as noise, in
 * bytes.
 */
const NOISE_BYTES = 1024 * 1024;

/** Returns the heap bytes in use after garbage collection. */
export async function heapBytes(): Promise<number> {
  await collectGarbage();
  return Deno.memoryUsage().heapUsed;
}

/** Returns the same, including memory outside the heap, such as buffers. */
export async function settledBytes(): Promise<number> {
  await collectGarbage();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** Collects all garbage. */
export async function collectGarbage(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Run with --v8-flags=--expose-gc");
  for (let round = 0; round < 3; round++) {
    // Objects that wait for a turn of the event loop are still held.
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
}

/**
 * Returns the growth of the heap from the first sample to the last: the median
 * of the slopes between all pairs of samples, which a single outlier does not
 * affect.
 */
export function growthBytes(samples: readonly number[]): number {
  const slopes = samples.flatMap((from, index) =>
    samples.slice(index + 1).map((to, step) => (to - from) / (step + 1))
  ).toSorted((a, b) => a - b);
  const median = slopes[Math.floor(slopes.length / 2)] ?? 0;
  return median * (samples.length - 1);
}

/** Returns whether the samples rise by more than noise. */
export function isRising(samples: readonly number[]): boolean {
  return growthBytes(samples) > NOISE_BYTES;
}
