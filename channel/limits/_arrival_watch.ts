import { world } from "../../transports/internal.ts";
import type { CutCode } from "../_context.ts";
import type { Timeout, Timers } from "../timers/_timers.ts";
import type { Limits } from "./limits.ts";

/** Each part of a frame of this length extends its time. */
const BYTES_PER_TURN = 1024 * 1024;

const PATIENT = { patient: true };

/** The options of an {@linkcode ArrivalWatch}. */
export interface ArrivalWatchOptions {
  readonly limits: Pick<Limits, "frames" | "connections">;
  /** Whether the peer has connected to this side, and must send a first frame. */
  readonly isAccepted: boolean;
  /** The timers of the channel. */
  readonly timers: Timers;
  /** Returns whether either side waits for an answer. */
  readonly isBusy: () => boolean;
  /** Cuts off the peer. */
  readonly cut: (code: CutCode) => void;
}

/**
 * Notices a peer that sends nothing, or a frame that does not become whole. No
 * timeout is started for whole frames.
 */
export class ArrivalWatch {
  /** The number of whole frames that have arrived. */
  frames = 0;

  readonly #options: ArrivalWatchOptions;
  readonly #firstFrame: Timeout;
  /** The timeout for incomplete frames, if there is one. */
  #slowFrame: Timeout | null = null;
  /** The number of whole frames before the incomplete one. */
  #partialAfter = -1;
  #partialSince = 0;
  #partialBytes = 0;

  /** Starts to watch. */
  constructor(options: ArrivalWatchOptions) {
    this.#options = options;
    const { cut, isAccepted, limits: { connections }, timers } = options;
    this.#firstFrame = timers.start(
      "first frame",
      isAccepted ? connections.firstFrameMs : Infinity,
      () => cut("first-frame"),
      PATIENT,
    );
    this.#watchIdleness();
  }

  /** A whole frame has arrived. */
  frame(): void {
    if (this.frames++ === 0) this.#firstFrame.stop();
  }

  /** Part of a frame has arrived, `heldBytes` of it so far. */
  partial(heldBytes: number): void {
    this.#partialBytes = heldBytes;
    if (this.#isPartial) return;
    this.#firstFrame.stop();
    this.#partialAfter = this.frames;
    this.#partialSince = world.now();
    // A timeout for an earlier frame is left: to start one for each frame would
    // cost a few µs.
    if (this.#slowFrame === null) this.#watchPartial();
  }

  get #isPartial(): boolean {
    return this.#partialAfter === this.frames;
  }

  #watchPartial(): void {
    this.#slowFrame = null;
    if (!this.#isPartial) return;
    const { cut, limits: { frames }, timers } = this.#options;
    const turns = 1 + Math.floor(this.#partialBytes / BYTES_PER_TURN);
    const dueAt = this.#partialSince + turns * frames.timeoutMs;
    const leftMs = dueAt - world.now();
    if (leftMs <= 0) return cut("slow-frame");
    this.#slowFrame = timers.start(
      "slow frame",
      leftMs,
      () => this.#watchPartial(),
      PATIENT,
    );
  }

  #watchIdleness(): void {
    const { cut, isBusy, limits: { connections }, timers } = this.#options;
    const { frames } = this;
    timers.start("idle", connections.idleMs, () => {
      const isIdle = frames === this.frames && !this.#isPartial && !isBusy();
      if (isIdle) cut("idle");
      else this.#watchIdleness();
    }, PATIENT);
  }
}
