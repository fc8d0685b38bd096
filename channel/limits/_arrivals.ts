import { HEADER_BYTES } from "../../transports/frames/frame.ts";
import { world } from "../../transports/internal.ts";
import type { ChannelContext, CutCode } from "../_context.ts";
import type { Timeout } from "../timers/_timers.ts";
import { bucketOf, type TokenBucket } from "./_token_bucket.ts";
import type { Limits } from "./limits.ts";

/** Shorter parts of frames fit the buffer of an idle connection. */
const UNCOUNTED_BYTES = 4 * 1024;

/** Each received part of a frame with this length extends its time limit. */
const BYTES_PER_TURN = 1024 * 1024;

const PATIENT = { patient: true };

/**
 * Checks incoming bytes before anything is decoded: their amount, their rate,
 * and whether any arrive at all. Whole frames start no timeout.
 *
 * A peer that has connected to this side is a stranger until its first message
 * is taken, if a layer above admits peers.
 */
export class Arrivals {
  readonly #channel: ChannelContext;
  readonly #maxWeight: number;
  readonly #byteRate: TokenBucket;
  readonly #frameRate: TokenBucket;
  readonly #requestRate: TokenBucket;
  /** The timeout for the first frame of a peer that has connected. */
  readonly #firstFrame: Timeout | null = null;
  /** The timeout for incomplete frames, if there is one. */
  #slowFrame: Timeout | null = null;
  #isUnheard: boolean;
  /** The number of whole frames before the incomplete frame. */
  #partialAfter = -1;
  #partialSince = 0;
  #partialBytes = 0;
  /** The bytes of an incomplete frame that are in the budget. */
  #countedBytes = 0;

  /** Starts to watch for a silent peer. */
  constructor(channel: ChannelContext) {
    const { limits: { connections, rates }, options, timers } = channel;
    this.#channel = channel;
    this.#maxWeight = maxMessageWeight(channel.limits);
    this.#byteRate = bucketOf(rates.bytesPerSecond, rates.burstMs);
    this.#frameRate = bucketOf(rates.framesPerSecond, rates.burstMs);
    this.#requestRate = bucketOf(rates.requestsPerSecond, rates.burstMs);
    this.#isUnheard = options.onHeard !== undefined;
    if (this.#isUnheard) {
      this.#firstFrame = timers.start(
        "first frame",
        connections.firstFrameMs,
        () => channel.cutOver("first-frame"),
        PATIENT,
      );
    }
    if (connections.idleMs < Infinity) this.#watchIdleness();
  }

  /** Whether the peer is a stranger, whose content must not be revived. */
  get isStranger(): boolean {
    return this.#isUnheard &&
      this.#channel.hooks.admits?.isUnadmitted !== undefined;
  }

  /** The most memory that a message may take now, in bytes. */
  get maxWeight(): number {
    return this.isStranger
      ? this.#channel.limits.requests.maxUnadmittedBytes
      : this.#maxWeight;
  }

  /** Called when this side takes a message of the peer. */
  heard(): void {
    if (!this.#isUnheard) return;
    this.#isUnheard = false;
    this.#channel.options.onHeard?.(this.#channel);
  }

  /** Returns whether a stranger may make this side hold `bytes`. */
  isShort(bytes: number): boolean {
    return bytes <= this.#channel.limits.requests.maxUnadmittedBytes;
  }

  /** Counts a whole frame. Returns why the peer must be cut off, or `null`. */
  frame(payloadBytes: number): CutCode | null {
    if (this.#channel.counts.framesIn++ === 0) this.#firstFrame?.stop();
    if (this.#countedBytes > 0) this.#count(0);
    if (this.isStranger && !this.isShort(payloadBytes)) return "over-budget";
    const isAllowed = this.#frameRate.take(1) &&
      this.#byteRate.take(HEADER_BYTES + payloadBytes);
    return isAllowed ? null : "rate-limit";
  }

  /** Does not count a frame that arrived because this side asked for it. */
  giveBackFrame(payloadBytes: number): void {
    this.#frameRate.giveBack(1);
    this.#byteRate.giveBack(HEADER_BYTES + payloadBytes);
  }

  /** Counts a request, or returns why it is refused. */
  takeRequest(): string | null {
    // Checked first, so that a refused request does not count for the server.
    if (!this.#requestRate.take(1)) {
      return "too many requests a second came from this side";
    }
    return this.#channel.options.requestRate.take(1)
      ? null
      : "too many requests a second came to this server";
  }

  /**
   * Counts part of a frame. Returns why the peer must be cut off, or `null`.
   */
  partial(heldBytes: number): CutCode | null {
    if (this.isStranger && !this.isShort(heldBytes)) return "over-budget";
    this.#partialBytes = heldBytes;
    if (!this.#isPartial) this.#beginPartial();
    if (heldBytes <= UNCOUNTED_BYTES) return null;
    this.#count(heldBytes);
    // Reading never pauses: if the server's budget is full, cut the peer off.
    const full = this.#channel.budget.parent?.exceededBy(0) ?? null;
    return full === null ? null : "over-budget";
  }

  #count(bytes: number): void {
    this.#channel.budget.hold(bytes - this.#countedBytes);
    this.#countedBytes = bytes;
  }

  get #isPartial(): boolean {
    return this.#partialAfter === this.#channel.counts.framesIn;
  }

  #beginPartial(): void {
    this.#firstFrame?.stop();
    this.#partialAfter = this.#channel.counts.framesIn;
    this.#partialSince = world.now();
    // A running timeout of an earlier frame stays: starting one for each frame
    // would cost a few µs.
    if (this.#slowFrame === null) this.#watchPartial();
  }

  #watchPartial(): void {
    this.#slowFrame = null;
    if (!this.#isPartial) return;
    const { limits: { frames }, timers } = this.#channel;
    const turns = 1 + Math.floor(this.#partialBytes / BYTES_PER_TURN);
    const dueAt = this.#partialSince + turns * frames.timeoutMs;
    const leftMs = dueAt - world.now();
    if (leftMs <= 0) return this.#channel.cutOver("slow-frame");
    this.#slowFrame = timers.start(
      "slow frame",
      leftMs,
      () => this.#watchPartial(),
      PATIENT,
    );
  }

  #watchIdleness(): void {
    const channel = this.#channel;
    const { counts: { framesIn }, limits: { connections }, timers } = channel;
    timers.start("idle", connections.idleMs, () => {
      const isIdle = framesIn === channel.counts.framesIn &&
        !this.#isPartial && !channel.isBusy();
      if (isIdle) channel.cutOver("idle");
      else this.#watchIdleness();
    }, PATIENT);
  }
}

/**
 * The most that one message may weigh: four times its longest payload, but at
 * least half of what may be held for a connection, and at most all of it. The
 * process grows by several times that: part of the memory is in use, V8 has not
 * yet collected garbage, and the payload itself takes memory.
 */
export function maxMessageWeight(limits: Limits): number {
  const { maxBytes } = limits.frames;
  const { maxHeldBytes } = limits.requests;
  return Math.min(maxHeldBytes, Math.max(maxHeldBytes / 2, 4 * maxBytes));
}
