import { listenForAbort, stopListening } from "./abort_listeners.ts";

/**
 * Waits for `work`, which goes on by itself if `signal` aborts first; then
 * this rejects with the signal's reason.
 */
export async function abortable<T>(
  work: T | Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const waiting = { abort: reject };
  listenForAbort(signal, waiting);
  try {
    // The race listens to both, so that neither rejection goes unheard.
    const settled = Promise.race([work, aborted]);
    if (signal.aborted) reject(signal.reason);
    return await settled;
  } finally {
    stopListening(signal, waiting);
  }
}
