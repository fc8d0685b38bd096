import { world } from "../../transports/internal.ts";
import { deliveryCount } from "../../transports/memory.ts";

/**
 * Waits until the work that a clock has woken is done, or waits for the clock
 * again. The signal ends the wait.
 */
export type Settle = (signal?: AbortSignal) => void | Promise<void>;

/**
 * The turns in a row in which nothing must be delivered. Two deliveries of one
 * exchange are at most two turns apart: the answer to a burst is flushed in the
 * next turn, and delivered in the one after it.
 */
const QUIET_TURNS = 4;

/**
 * The {@linkcode Settle} for work within this process (in a Worker: within
 * that Worker): waits for a few turns of the event loop in which nothing was
 * delivered at any `local://` address.
 *
 * That is enough for work that awaits promises, however many in a row, and for
 * any number of calls in memory, sequential or concurrent. It is not enough for
 * work that awaits something outside: a socket, a file, another process, a
 * Worker, a timer of real time. It does not resolve while connections in memory
 * never fall silent.
 *
 * @throws {unknown} As a rejection, the reason of `signal` once it aborts.
 */
export async function settleInProcess(signal?: AbortSignal): Promise<void> {
  let seen = deliveryCount();
  for (let quiet = 0; quiet < QUIET_TURNS; quiet++) {
    signal?.throwIfAborted();
    await world.nextTurn();
    if (deliveryCount() === seen) continue;
    seen = deliveryCount();
    quiet = -1;
  }
  signal?.throwIfAborted();
}
