import type { Connection } from "../../transports/transport.ts";
import { type CutCode, Lifecycle } from "../_lifecycle.ts";
import { MessageCodec } from "../_message_codec.ts";
import { Arrivals } from "../limits/_arrivals.ts";
import { Rates } from "../limits/_rates.ts";
import type { TokenBucket } from "../limits/_token_bucket.ts";
import { Budget } from "../limits/budget.ts";
import type { Limits } from "../limits/limits.ts";
import type { ResolvedOptions } from "../options.ts";
import { Timers } from "../timers/_timers.ts";
import { SendQueue } from "./_send_queue.ts";

/** The options of a channel on one connection. */
export interface ConnectionChannelOptions
  extends Omit<ResolvedOptions, "onError"> {
  /** Counts that the channels of one server share. */
  readonly counts: { cutConnections: number; refusedPeers: number };
  /** Bounds the requests of all channels of one server together. */
  readonly requestRate: TokenBucket;
  /** Hears of a peer's breach of the protocol that no call was rejected with. */
  readonly onProtocolError: (error: unknown) => void;
  /**
   * Hears when this side takes the first message of the peer. Only for a
   * connection that was accepted.
   */
  readonly onHeard?: () => void;
}

/** The parts that the calls and the requests of a channel share. */
export interface ChannelParts {
  /** The channel, as events name it. */
  readonly channel: object;
  readonly lifecycle: Lifecycle;
  readonly codec: MessageCodec;
  readonly queue: SendQueue;
  readonly arrivals: Arrivals;
  readonly rates: Rates;
  /** The budget of the connection. */
  readonly budget: Budget;
  readonly timers: Timers;
  readonly limits: Limits;
  /** The default time for a call. */
  readonly timeoutMs: number;
  /** Cuts off a peer that broke a limit. */
  readonly cut: (code: CutCode) => void;
}

/** The channel, as {@linkcode makeParts} needs it. */
export interface PartsOwner {
  /** The address of the peer. */
  readonly remoteAddress: string;
  /** Returns whether either side waits for an answer. */
  isBusy(): boolean;
  /** Cuts off a peer that broke a limit. */
  cutOver(code: CutCode): void;
}

/** Makes the parts of the channel `owner`. */
export function makeParts(
  owner: PartsOwner,
  connection: Connection,
  options: ConnectionChannelOptions,
): ChannelParts {
  const { limits, timeoutMs } = options;
  const timers = new Timers(owner);
  const cut = (code: CutCode) => owner.cutOver(code);
  const rates = new Rates(limits.rates, options.requestRate);
  const budget = new Budget(limits.requests.maxHeldBytes, options.budget);
  const watch = { limits, timers, cut };
  return {
    ...watch,
    channel: owner,
    timeoutMs,
    lifecycle: new Lifecycle(),
    codec: new MessageCodec(owner, options.codec, options.types),
    queue: new SendQueue(connection, { ...watch, budget: options.budget }),
    arrivals: new Arrivals({
      ...watch,
      budget,
      rates,
      isBusy: () => owner.isBusy(),
      onHeard: options.onHeard ?? null,
    }),
    rates,
    budget,
  };
}
