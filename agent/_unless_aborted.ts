/**
 * Settles as `work` does, or rejects with the signal's reason once it aborts;
 * what becomes of `work` is ignored then.
 */
export async function unlessAborted(
  work: void | Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (signal === undefined) return await work;
  const { promise, reject } = Promise.withResolvers<never>();
  const onAbort = () => reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    // The race listens to both, so that neither rejection goes unheard.
    const settled = Promise.race([work, promise]);
    if (signal.aborted) onAbort();
    await settled;
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
