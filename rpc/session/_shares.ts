import { QueueFullError } from "../../channel/errors.ts";
import type { ConnectionChannel } from "../../channel/internal.ts";
import { printable } from "../../transports/printable.ts";

/** A channel with a table of pending calls. */
type CallingChannel = Pick<ConnectionChannel, "calls" | "limits">;

/** Returns whether no more than half of the room for pending calls is free. */
export function isCrowded({ calls, limits }: CallingChannel): boolean {
  return 2 * calls.size >= limits.requests.maxPending;
}

/**
 * The shares of single targets, such as agents, in the pending calls of one
 * connection. While half of the room is free, each target may take it. Of the
 * rest, a target may have as much as is left for the others: so there is always
 * some for a target that has none yet.
 */
export class Shares {
  readonly #counts = new Map<string, number>();

  /**
   * Counts a call to `target`, to be made only while the channel is crowded.
   * Returns what ends that.
   *
   * @throws {QueueFullError} If the target has its share.
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
