import type { ChannelCounts, ChannelStats } from "./channel.ts";
import type { ConnectionChannel } from "./_connection_channel.ts";
import type { CloseReason } from "./errors.ts";

const NO_COUNTS: ChannelCounts = {
  calls: 0,
  failedCalls: 0,
  timedOutCalls: 0,
  abortedCalls: 0,
  lostCalls: 0,
  requests: 0,
  failedRequests: 0,
  lostRequests: 0,
  refusedRequests: 0,
  droppedReplies: 0,
  lateReplies: 0,
  framesIn: 0,
  framesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
};

const NO_STATS: ChannelStats = {
  pendingCalls: 0,
  waitingCalls: 0,
  unansweredRequests: 0,
  heldBytes: 0,
  unreadRequests: 0,
  queuedBytes: 0,
  ...NO_COUNTS,
};

const COUNTS = Object.keys(NO_COUNTS) as (keyof ChannelCounts)[];
const STATS = Object.keys(NO_STATS) as (keyof ChannelStats)[];

/** Numbers that are added up. */
type Sums<T> = { -readonly [K in keyof T]: number };

/**
 * What passes through the channels of one owner, those that have ended
 * included. A call costs nothing here: the channels count.
 */
export class Totals {
  readonly #open = new Set<ConnectionChannel>();
  readonly #ended: Sums<ChannelCounts> = { ...NO_COUNTS };
  #failed = 0;

  /** How many channels ended with an error. */
  get failed(): number {
    return this.#failed;
  }

  /** Counts a new channel in. */
  add(channel: ConnectionChannel): void {
    this.#open.add(channel);
    channel.closed.then((reason) => this.#end(channel, reason));
  }

  #end(channel: ConnectionChannel, reason: CloseReason): void {
    this.#open.delete(channel);
    addTo(this.#ended, channel.stats(), COUNTS);
    // All else is still from then on.
    channel.onDropped = () => this.#ended.droppedReplies++;
    if (reason.by === "error" || reason.error !== undefined) this.#failed++;
  }

  /** The sums. */
  stats(): ChannelStats {
    const sums = { ...NO_STATS, ...this.#ended };
    for (const channel of this.#open) addTo(sums, channel.stats(), STATS);
    return sums;
  }
}

/** Both together. */
export function sumOfStats(a: ChannelStats, b: ChannelStats): ChannelStats {
  const sums = { ...NO_STATS };
  addTo(sums, a, STATS);
  addTo(sums, b, STATS);
  return sums;
}

function addTo<K extends keyof ChannelStats>(
  sums: Sums<Pick<ChannelStats, K>>,
  stats: Pick<ChannelStats, K>,
  keys: readonly K[],
): void {
  for (const key of keys) sums[key] += stats[key];
}
