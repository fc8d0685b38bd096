import { QueueFullError } from "../../channel/errors.ts";
import type { ConnectionChannel } from "../../channel/internal.ts";
import { printable } from "../../transports/printable.ts";

/** A channel with a table of pending calls. */
type CallingChannel = Pick<ConnectionChannel, "calls" | "limits">;

/** Returns whether at most half of the capacity for pending calls is free. */
export function isCrowded({ calls, limits }: CallingChannel): boolean {
  return 2 * calls.size >= limits.requests.maxPending;
}

/**
 * Limits the share of each target, such as an agent, in the pending calls of
 * one connection. While more than half of the capacity is free, a target may
 * use any of it. Calls made after that are counted for their targets, and no
 * target may have more of them than there is capacity left for others. So a
 * target without calls always finds some capacity.
 */
export class Shares {
  readonly #counts = new Map<string, number>();

  /**
   * Counts a call to `target`. Use it only while the channel is crowded.
   * Returns a function that removes the call from the count.
   *
   * @throws {QueueFullError} If the target has used up its share.
   */
  take({ calls, limits }: CallingChannel, target: string): () => void {
    const limit = limits.requests.maxPending;
    const free = limit - calls.size;
    const count = this.#counts.get(target) ?? 0;
    if (free > 0 && count >= free) {
      throw new QueueFullError(
        `Cannot call '${
          printable(target)
        }': ${calls.size} calls are pending, and those that are left are for other agents, await some of them or raise 'limits.requests.maxPending'`,
        { limit },
      );
    }
    this.#counts.set(target, count + 1);
    return () => {
      const left = this.#counts.get(target)! - 1;
      if (left > 0) this.#counts.set(target, left);
      else this.#counts.delete(target);
    };
  }
}
