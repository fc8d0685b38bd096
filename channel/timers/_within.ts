import { Timer } from "../../transports/timer.ts";

/** Waits for `work`, but no longer than `timeMs`. */
export async function within(
  timeMs: number,
  work: Promise<unknown>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = new Timer(Math.max(0, timeMs), resolve);
  try {
    await Promise.race([work, promise]);
  } finally {
    timer.stop();
  }
}
