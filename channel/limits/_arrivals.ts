import type { CutCode } from "../_context.ts";
import { ArrivalWatch, type ArrivalWatchOptions } from "./_arrival_watch.ts";
import type { Budget } from "./budget.ts";
import type { Limits } from "./limits.ts";
import type { Rates } from "./_rates.ts";

/** Parts of frames up to this length fit the buffer of an idle connection. */
const UNCOUNTED_BYTES = 4 * 1024;

/** The options of {@linkcode Arrivals}. */
export interface ArrivalsOptions
  extends Omit<ArrivalWatchOptions, "isAccepted"> {
  readonly limits: Limits;
  /** The budget of the connection. */
  readonly budget: Budget;
  readonly rates: Rates;
  /**
   * Hears when this side takes the first message of the peer; `null` for a
   * connection that this side made.
   */
  readonly onHeard: (() => void) | null;
}

/**
 * Judges the bytes that arrive, before anything is decoded. A peer that has
 * connected to this side is a stranger until its first message is taken, if a
 * layer above admits peers.
 */
export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #watch: ArrivalWatch;
  readonly #maxWeight: number;
  #isUnheard: boolean;
  #admitsPeers = false;
  /** The bytes of an incomplete frame that are in the budget. */
  #partialBytes = 0;

  /** Starts to watch for a silent peer. */
  constructor(options: ArrivalsOptions) {
    this.#options = options;
    const isAccepted = options.onHeard !== null;
    this.#isUnheard = isAccepted;
    this.#maxWeight = maxMessageWeight(options.limits);
    this.#watch = new ArrivalWatch({ ...options, isAccepted });
  }

  /** The number of whole frames that have arrived. */
  get frames(): number {
    return this.#watch.frames;
  }

  /** Whether the peer is a stranger, whose content must not be revived. */
  get isStranger(): boolean {
    return this.#isUnheard && this.#admitsPeers;
  }

  /** The most memory that a message may take now, in bytes. */
  get maxWeight(): number {
    return this.isStranger
      ? this.#options.limits.requests.maxUnadmittedBytes
      : this.#maxWeight;
  }

  /** A layer above admits peers: one that was not heard is a stranger. */
  admitPeers(): void {
    this.#admitsPeers = true;
  }

  /** This side takes a message of the peer. */
  heard(): void {
    if (!this.#isUnheard) return;
    this.#isUnheard = false;
    this.#options.onHeard?.();
  }

  /** Returns whether a stranger may make this side hold so much. */
  isShort(bytes: number): boolean {
    return bytes <= this.#options.limits.requests.maxUnadmittedBytes;
  }

  /** A whole frame arrived. Returns why the peer must be cut off, or `null`. */
  frame(payloadBytes: number): CutCode | null {
    this.#watch.frame();
    if (this.#partialBytes > 0) this.#count(0);
    if (this.isStranger && !this.isShort(payloadBytes)) return "over-budget";
    const isAllowed = this.#options.rates.takeFrame(payloadBytes);
    return isAllowed ? null : "rate-limit";
  }

  /** Part of a frame arrived. Returns why the peer must be cut off, or `null`. */
  partial(heldBytes: number): CutCode | null {
    if (this.isStranger && !this.isShort(heldBytes)) return "over-budget";
    this.#watch.partial(heldBytes);
    if (heldBytes <= UNCOUNTED_BYTES) return null;
    this.#count(heldBytes);
    // Reading never pauses: where the server's budget is full, it can only end.
    const full = this.#options.budget.parent?.exceededBy(0) ?? null;
    return full === null ? null : "over-budget";
  }

  #count(bytes: number): void {
    this.#options.budget.hold(bytes - this.#partialBytes);
    this.#partialBytes = bytes;
  }
}

/**
 * The most that one message may weigh: four times its longest payload, but no
 * less than half of what may be held for a connection, and no more than all.
 * With a part of it in use, what V8 has not collected yet, and the payload
 * itself, a process grows by several times that.
 */
export function maxMessageWeight(limits: Limits): number {
  const { maxBytes } = limits.frames;
  const { maxHeldBytes } = limits.requests;
  return Math.min(maxHeldBytes, Math.max(maxHeldBytes / 2, 4 * maxBytes));
}
