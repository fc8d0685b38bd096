/**
 * Decides when a connection writes its queued frames. Pure: its owner starts
 * the timers and writes the bytes.
 */

/** The time at which a flush is to start. */
export type FlushTime = "now" | "microtask" | "turn";

/**
 * The state of the flushes of one connection.
 *
 * - `idle`: no frame is queued.
 * - `held`: frames are queued while the frames of a read are delivered. The end
 *   of the delivery decides when to flush.
 * - `scheduled`: a flush will start.
 * - `all`, `part`: a flush is in progress.
 * - `failed`: a write failed, so nothing more will be written.
 */
type FlushState = "idle" | "held" | "scheduled" | "all" | "part" | "failed";

/**
 * The number of frames in each part of the answers to a burst. The other side
 * can start with the first part while this side makes the next. With 64 calls
 * in flight, that gives 1.5 to 1.9 times the throughput of one write for all of
 * them, after which each side waits for the other.
 */
const FRAMES_A_PART = 16;

/**
 * The flushes of one connection. A single frame leaves in the next microtask.
 * While frames arrive in bursts, each handler answers in its own microtask, and
 * a flush in between would send each answer alone (0.65 of the throughput at 64
 * calls in flight). So the flush then waits for the next turn of the event
 * loop, or until a part is complete.
 */
export class FlushScheduler {
  #state: FlushState = "idle";
  /** The number of frames queued since the last batch was taken. */
  #queuedFrames = 0;
  #isDelivering = false;
  /** Whether the last read brought more than one frame. */
  #isBurst = false;

  /** Whether every frame has been written. */
  get isIdle(): boolean {
    return this.#state === "idle";
  }

  /**
   * Whether the flush in progress takes another batch: all frames that were
   * queued meanwhile, or a complete part of them.
   */
  get takesMore(): boolean {
    return this.#state === "all" || this.#queuedFrames >= FRAMES_A_PART;
  }

  /** Counts a queued frame. Returns when to flush, unless that is decided. */
  queued(): FlushTime | null {
    this.#queuedFrames++;
    if (this.#state === "idle") {
      if (!this.#isDelivering) return this.#schedule();
      this.#state = "held";
      return null;
    }
    const isPart = this.#isBurst && this.#isWaiting() &&
      this.#queuedFrames === FRAMES_A_PART;
    return isPart ? "now" : null;
  }

  /** Notes that the frames of one read are about to be delivered. */
  startDelivery(): void {
    this.#isDelivering = true;
  }

  /**
   * Notes that `frames` frames of one read were delivered, which decides
   * whether they are a burst. Returns when to flush the frames that they
   * caused.
   */
  endDelivery(frames: number): FlushTime | null {
    this.#isDelivering = false;
    this.#isBurst = frames > 1;
    return this.#state === "held" ? this.#schedule() : null;
  }

  /**
   * Starts a flush. Returns `false` if there is nothing to do, because a part
   * left before the scheduled flush.
   */
  start(what: "all" | "part"): boolean {
    if (!this.#isWaiting()) return false;
    this.#state = what;
    return true;
  }

  /** Notes that the flush in progress has taken all queued frames. */
  taken(): void {
    this.#queuedFrames = 0;
  }

  /** Ends a flush. Returns when to flush the remaining frames. */
  end(): FlushTime | null {
    if (this.#queuedFrames > 0) return this.#schedule();
    this.#state = "idle";
    return null;
  }

  /** Notes that a write has failed. */
  fail(): void {
    this.#state = "failed";
  }

  #isWaiting(): boolean {
    return this.#state === "held" || this.#state === "scheduled";
  }

  #schedule(): FlushTime {
    this.#state = "scheduled";
    return this.#isBurst ? "turn" : "microtask";
  }
}
