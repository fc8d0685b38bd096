import { MAX_TIMEOUT_MS } from "../channel/_max_timeout.ts";

/**
 * Waits for `work` to settle, but no longer than `timeMs`: then it resolves to
 * `null`, and what becomes of `work` is ignored.
 */
export async function settledWithin<T>(
  work: Promise<T>,
  timeMs: number,
): Promise<PromiseSettledResult<T> | null> {
  const settled = Promise.allSettled([work]).then(([result]) => result);
  if (timeMs > MAX_TIMEOUT_MS) return await settled;
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = setTimeout(() => resolve(null), timeMs);
  try {
    return await Promise.race([settled, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** Lets the event loop go round once. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
