import { Timer } from "../../transports/timer.ts";

/**
 * Waits for `work` to settle, but no longer than `timeMs`: then it resolves to
 * `null`, and what becomes of `work` is ignored.
 */
export async function settledWithin<T>(
  work: Promise<T>,
  timeMs: number,
): Promise<PromiseSettledResult<T> | null> {
  const settled = Promise.allSettled([work]).then(([result]) => result);
  const { promise, resolve } = Promise.withResolvers<null>();
  const timer = new Timer(timeMs, () => resolve(null));
  try {
    return await Promise.race([settled, promise]);
  } finally {
    timer.stop();
  }
}

/** Lets the event loop go round once. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
