import { setRealTimer } from "../../transports/internal.ts";

/**
 * Waits for `work` to settle, but no longer than `timeMs`: then it resolves to
 * `null`, and the outcome of `work` is ignored. The time is real, though `work`
 * may fake the timers.
 */
export async function settledWithin<T>(
  work: Promise<T>,
  timeMs: number,
): Promise<PromiseSettledResult<T> | null> {
  const { promise: isOver, resolve } = Promise.withResolvers<null>();
  const timer = setRealTimer(timeMs, () => resolve(null));
  try {
    const settling = Promise.allSettled([work]).then(([result]) => result);
    return await Promise.race([settling, isOver]);
  } finally {
    timer.stop();
  }
}
