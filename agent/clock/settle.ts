import { world } from "../../transports/internal.ts";

/**
 * Waits until the work that a clock has woken is done or waits for the clock
 * again. The signal ends the wait.
 */
export type Settle = (signal?: AbortSignal) => void | Promise<void>;

/**
 * The {@linkcode Settle} for work within this process (in a Worker: within that
 * Worker). Resolves when nothing more can happen here by itself: no promise is
 * about to resolve, no message is under way between `local://` addresses, and
 * this package has deferred nothing to a later turn of the event loop, such as
 * the rest of a long burst of messages.
 *
 * This is exact for any amount of work that awaits promises or in-memory calls.
 * It does not see work that waits for something outside: a socket, a file,
 * another process, a Worker, a real-time timer. It does not resolve while
 * connections keep sending.
 *
 * @throws {unknown} As a rejection, the reason of `signal` once it aborts.
 */
export async function settleInProcess(signal?: AbortSignal): Promise<void> {
  let begun: number;
  do {
    signal?.throwIfAborted();
    begun = world.turns.begun;
    // All promises that can resolve do so before the next turn begins. By then,
    // the deferred work of their reactions is counted.
    await world.uncountedTurn();
    // A turn that began in between may have resolved further promises.
    await world.uncountedTurn();
  } while (world.turns.begun !== begun || world.turns.pending > 0);
  signal?.throwIfAborted();
}
