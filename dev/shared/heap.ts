/** How much the heap may seem to grow over all samples, in bytes. */
const NOISE_BYTES = 1024 * 1024;

/** Bytes of the heap that are in use, when all that is garbage is gone. */
export async function heapBytes(): Promise<number> {
  await collectGarbage();
  return Deno.memoryUsage().heapUsed;
}

/** Returns the same, with the memory outside of the heap, such as buffers. */
export async function settledBytes(): Promise<number> {
  await collectGarbage();
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}

/** Has all that is garbage removed. */
export async function collectGarbage(): Promise<void> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error("Run with --v8-flags=--expose-gc");
  for (let round = 0; round < 3; round++) {
    // What waits for a turn of the event loop is still held.
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
}

/**
 * What the heap grows by from the first sample to the last: the median of the
 * slopes between every two of them, which a single outlier does not move.
 */
export function growthBytes(samples: readonly number[]): number {
  const slopes = samples.flatMap((from, index) =>
    samples.slice(index + 1).map((to, step) => (to - from) / (step + 1))
  ).toSorted((a, b) => a - b);
  const median = slopes[Math.floor(slopes.length / 2)] ?? 0;
  return median * (samples.length - 1);
}

/** Returns whether samples rise by more than noise. */
export function isRising(samples: readonly number[]): boolean {
  return growthBytes(samples) > NOISE_BYTES;
}
