import { setRealTimer } from "../../transports/internal.ts";

/**
 * Waits at most `timeMs` for `work` to settle. After that it resolves to `null`
 * and ignores the outcome of `work`. The limit is real time, even if `work`
 * fakes timers; in a simulation it is virtual time.
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
