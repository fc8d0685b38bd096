import { formatSeconds } from "./_time.ts";
import type { Clock } from "./base_clock.ts";

/**
 * Runs `task` every `seconds` of the clock, at multiples of `seconds` from now,
 * so that delays do not add up. Times that fall due while the task runs are
 * skipped. Ends by rejecting: with the error of `task`, or with that of the
 * wait when `signal` aborts or the clock closes.
 *
 * @throws {RangeError} If `seconds` is not finite and greater than 0.
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
      // Rounding may make that due time equal to the present time.
      while (start + round * seconds <= clock.time()) round++;
      await clock.sleepUntil(start + round * seconds, { signal });
      await task();
    }
  };
}
