import { QueueFullError } from "../../channel/errors.ts";
import type { ConnectionChannel } from "../../channel/internal.ts";
import { printable } from "../../transports/printable.ts";

/**
 * The shares of single targets, such as agents, in the pending calls of one
 * connection. While half of the room is free, each target may take it. Of the
 * rest, a target may have as much as is left for the others: so there is always
 * some for a target that has none yet.
 */
export class Shares {
  readonly #counts = new Map<string, number>();

  /**
   * Counts a call to `target`. Returns what ends that; `null` if it does not
   * count.
   *
   * @throws {QueueFullError} If the target has its share.
   */
  take(
    { calls, limits }: Pick<ConnectionChannel, "calls" | "limits">,
    target: string,
  ): (() => void) | null {
    const limit = limits.requests.maxPending;
    const free = limit - calls.size;
    // Where there is room, nothing is counted: this runs for each call.
    if (free * 2 > limit) return null;
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
