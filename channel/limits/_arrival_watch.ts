import { world } from "../../transports/internal.ts";
import type { CutCode } from "../_close_reasons.ts";
import type { Timeout, Timers } from "../timers/_timers.ts";
import type { Limits } from "./limits.ts";

/** So many bytes of a frame give it as long again. */
const BYTES_A_TURN = 1024 * 1024;

/** What an {@linkcode ArrivalWatch} needs of its channel. */
export interface ArrivalWatchOptions {
  readonly limits: Pick<Limits, "frames" | "connections">;
  /** The timers of the channel. */
  readonly timers: Timers;
  /** Whether either side waits for an answer. */
  readonly isBusy: () => boolean;
  /** Ends the connection for this reason. */
  readonly cut: (code: CutCode) => void;
}

/**
 * Notices a peer that says nothing, or takes for ever to say it. One timer
 * looks after all of it, and none is set for whole frames.
 */
export class ArrivalWatch {
  /** How many whole frames have arrived. */
  frames = 0;

  readonly #options: ArrivalWatchOptions;
  readonly #firstDue: number;
  #idleDue: number;
  /** How many frames had arrived when the present time of idleness began. */
  #idleFrames = 0;
  /** How many frames came before the one of which a part has arrived. */
  #partialAfter = -1;
  #partialSince = 0;
  #heldBytes = 0;
  #timeout: Timeout | null = null;
  /** When the timeout was due when it was started. */
  #timeoutDue = Infinity;

  /** Begins to watch, if the limits want that. */
  constructor(options: ArrivalWatchOptions) {
    this.#options = options;
    const { firstFrameMs, idleMs } = options.limits.connections;
    const isTimed = Math.min(firstFrameMs, idleMs) < Infinity;
    const now = isTimed ? world.now() : 0;
    this.#firstDue = now + firstFrameMs;
    this.#idleDue = now + idleMs;
    if (isTimed) this.#arm();
  }

  /** A whole frame has arrived. Most peers need no timer after the first one. */
  frame(): void {
    if (this.frames++ === 0 && this.#timeout !== null) this.#arm();
  }

  /** So many bytes of a frame that is not whole have arrived. */
  partial(heldBytes: number): void {
    this.#heldBytes = heldBytes;
    if (this.#isPartial) return;
    this.#partialAfter = this.frames;
    this.#partialSince = world.now();
    // Left as it is while frames come and go: to set it anew for each would
    // cost a few µs.
    if (this.#timeoutDue > this.#nextDue) this.#arm();
  }

  get #isPartial(): boolean {
    return this.#partialAfter === this.frames;
  }

  get #partialDue(): number {
    if (!this.#isPartial) return Infinity;
    const turns = 1 + Math.floor(this.#heldBytes / BYTES_A_TURN);
    return this.#partialSince + turns * this.#options.limits.frames.timeoutMs;
  }

  get #nextDue(): number {
    const hasBegun = this.frames > 0 || this.#isPartial;
    const firstDue = hasBegun ? Infinity : this.#firstDue;
    return Math.min(firstDue, this.#partialDue, this.#idleDue);
  }

  #arm(): void {
    this.#timeout?.stop();
    this.#timeoutDue = this.#nextDue;
    this.#timeout = this.#options.timers.start(
      "arrivals",
      Math.max(0, this.#timeoutDue - world.now()),
      () => this.#tick(),
      { patient: true },
    );
  }

  #tick(): void {
    const code = this.#overdue(world.now());
    if (code !== null) return this.#options.cut(code);
    this.#arm();
  }

  #overdue(now: number): CutCode | null {
    const { isBusy, limits } = this.#options;
    const { frames } = this;
    if (now >= this.#partialDue) return "slow-frame";
    if (this.#isPartial) this.#idleFrames = -1;
    else if (frames === 0 && now >= this.#firstDue) return "first-frame";
    if (now < this.#idleDue) return null;
    if (frames === this.#idleFrames && !isBusy()) return "idle";
    // Whoever waits for an answer has the whole time again after it.
    this.#idleFrames = frames;
    this.#idleDue = now + limits.connections.idleMs;
    return null;
  }
}
