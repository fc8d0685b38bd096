import { formatSeconds } from "./_time.ts";
import type { Clock } from "./base_clock.ts";

/**
 * Runs `task` each `seconds` of the clock, counted from now, so that no delay
 * adds up. What falls due while the task runs is left out. Ends with the
 * rejection of `task`, or of the wait: when `signal` aborts or the clock closes.
 *
 * @throws {RangeError} If `seconds` is not finite and over 0.
 */
export function repeat(
  clock: Clock,
  seconds: number,
  task: () => Promise<void>,
): (signal: AbortSignal) => Promise<never> {
  if (!(seconds > 0 && seconds < Infinity)) {
    throw new RangeError(
      `Cannot run a task every ${
        formatSeconds(seconds)
      }: give a finite time over 0`,
    );
  }
  const start = clock.time();
  return async (signal) => {
    for (let round = 1;; round++) {
      const passed = Math.floor((clock.time() - start) / seconds);
      round = Math.max(round, passed);
      // By rounding, the time of that round may be the present one.
      while (start + round * seconds <= clock.time()) round++;
      await clock.sleepUntil(start + round * seconds, { signal });
      await task();
    }
  };
}
