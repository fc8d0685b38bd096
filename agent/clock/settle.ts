import { world } from "../../transports/internal.ts";

/**
 * Waits until the work that a clock has woken is done, or waits for the clock
 * again. The signal ends the wait.
 */
export type Settle = (signal?: AbortSignal) => void | Promise<void>;

/**
 * The {@linkcode Settle} for work within this process (in a Worker: within
 * that Worker). Resolves when nothing can happen here any more by itself: no
 * promise is about to resolve, no message is on its way between `local://`
 * addresses, and nothing that this package has put off for a turn of the event
 * loop is left, such as the rest of a long burst of messages.
 *
 * That is exact for any amount of work that awaits promises or calls in memory.
 * It does not see what work awaits from outside: a socket, a file, another
 * process, a Worker, a timer of real time. It does not resolve while
 * connections never fall silent.
 *
 * @throws {unknown} As a rejection, the reason of `signal` once it aborts.
 */
export async function settleInProcess(signal?: AbortSignal): Promise<void> {
  let begun: number;
  do {
    signal?.throwIfAborted();
    begun = world.turns.begun;
    // All promises that can resolve do so before the next turn begins, and what
    // they go on to wait for is counted by then.
    await world.uncountedTurn();
    // A turn that began in between may have resolved further ones.
    await world.uncountedTurn();
  } while (world.turns.begun !== begun || world.turns.pending > 0);
  signal?.throwIfAborted();
}
