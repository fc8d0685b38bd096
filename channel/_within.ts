import { MAX_TIMEOUT_MS } from "./_max_timeout.ts";

/** Waits for `work`, but no longer than `timeMs`. */
export async function within(
  timeMs: number,
  work: Promise<unknown>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(
    resolve,
    Math.min(Math.max(0, timeMs), MAX_TIMEOUT_MS),
  );
  try {
    await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
