import type { ChannelStats } from "../channel.ts";
import { ChannelCounters } from "../_context.ts";
import type { ConnectionChannel } from "../_connection_channel.ts";
import type { CloseReason } from "../errors.ts";

/** Mutable stats. */
type Sums = { -readonly [K in keyof ChannelStats]: number };

function zeros(): Sums {
  return {
    ...new ChannelCounters(),
    pendingCalls: 0,
    waitingCalls: 0,
    unansweredRequests: 0,
    heldBytes: 0,
    unreadRequests: 0,
    queuedBytes: 0,
  };
}

/** Computed once: whenever a channel ends, all of them are added. */
const NAMES = Object.keys(zeros()) as (keyof Sums)[];

/**
 * Sums up the stats of one owner's channels, including those that have ended.
 * Adds no cost to a call, since the channels count.
 */
export class Totals {
  /** The number of channels that ended with an error. */
  failed = 0;

  readonly #open = new Set<ConnectionChannel>();
  readonly #ended: Sums = zeros();

  /** Adds a new channel, and calls `onEnd` after it has ended. */
  add(channel: ConnectionChannel, onEnd?: () => void): void {
    this.#open.add(channel);
    channel.closed.then((reason) => {
      this.#end(channel, reason);
      onEnd?.();
    });
  }

  #end(channel: ConnectionChannel, reason: CloseReason): void {
    this.#open.delete(channel);
    // Unread requests can be read after the end. All other tables are empty.
    addTo(this.#ended, channel.stats());
    this.#ended.unreadRequests = 0;
    channel.totals = this.#ended;
    if (reason.by === "error" || reason.error !== undefined) this.failed++;
  }

  /** Returns the sums. */
  stats(): ChannelStats {
    const sums = { ...this.#ended };
    for (const channel of this.#open) addTo(sums, channel.stats());
    return sums;
  }
}

/** Returns the sums of two stats. */
export function sumOfStats(a: ChannelStats, b: ChannelStats): ChannelStats {
  const sums = zeros();
  addTo(sums, a);
  addTo(sums, b);
  return sums;
}

function addTo(sums: Sums, stats: ChannelStats): void {
  for (const name of NAMES) sums[name] += stats[name];
}
