import { deliveryCount } from "../../transports/internal.ts";

/**
 * Waits until those that a clock has woken have done what they do at that time
 * and wait again. It is handed the signal that ends the waiting.
 */
export type Settle = (signal?: AbortSignal) => void | Promise<void>;

/**
 * In how many turns in a row nothing must be delivered. Two deliveries of one
 * exchange are at most two turns apart: an answer that follows a burst is
 * flushed in the next turn, and delivered in the one after it.
 */
const QUIET_TURNS = 4;

/**
 * The {@linkcode Settle} for work within this process (in a Worker: within
 * that Worker): waits for a few turns of the event loop in which nothing was
 * delivered at any `local://` address.
 *
 * That is enough for work that awaits promises, however many in a row, and for
 * any number of calls in memory, one after the other or at once. It is not for
 * work that awaits something from outside: a socket, a file, another process,
 * a Worker, a timer of real time. While connections in memory never fall
 * silent it does not resolve.
 *
 * @throws {unknown} As a rejection, the reason of `signal` once it aborts.
 */
export async function settleInProcess(signal?: AbortSignal): Promise<void> {
  let seen = deliveryCount();
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    signal?.throwIfAborted();
    await new Promise((resolve) => setImmediate(resolve));
    if (deliveryCount() === seen) continue;
    seen = deliveryCount();
    quiet = -1;
  }
  signal?.throwIfAborted();
}
