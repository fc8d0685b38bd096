import { within } from "../../channel/internal.ts";

/**
 * Waits for `work` to settle, but no longer than `timeMs`: then it resolves to
 * `null`, and the outcome of `work` is ignored.
 */
export async function settledWithin<T>(
  work: Promise<T>,
  timeMs: number,
): Promise<PromiseSettledResult<T> | null> {
  const settling = Promise.allSettled([work]);
  let settled: PromiseSettledResult<T> | null = null;
  const noting = settling.then(([result]) => {
    settled = result;
  });
  await within(timeMs, noting);
  return settled;
}
