import { LATE_MS, type Timeout } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import type { SessionContext } from "../_session_context.ts";

/** The number of unanswered pings after which the peer counts as gone. */
export const MISSES = 2;

/**
 * The number of silent intervals, less one, for a peer that was called and has
 * not answered the hello. aiomas runs the method of the first call before it
 * replies to the hello, and does nothing else while that method computes.
 */
export const CALLED_MISSES = 39;

/**
 * The number of parts of an interval. A peer that falls silent just after the
 * start of a part is silent for almost one part longer than counted, so the
 * very last part is skipped: three intervals are never exceeded.
 */
const PARTS = 8;

/**
 * The time, in milliseconds, to read data that arrived while this process was
 * too busy to read.
 */
const CATCH_UP_MS = 10;

/** `greeting`: the peer has not answered the hello, and gets no pings yet. */
type State = "idle" | "greeting" | "pinging" | "ended";

/**
 * Detects a peer that is gone without having closed the connection, for example
 * because its machine lost power.
 *
 * A period in which this process could not read counts as at most one part of
 * an interval, because unread data of the peer may be waiting. The same applies
 * to a turn of the event loop, however far a test advances its fake time.
 */
export class Heartbeat {
  readonly #session: SessionContext;
  #state: State = "idle";
  #timeout: Timeout | null = null;
  #bytes = 0;
  #frames = 0;
  #pings = 0;
  #silentParts = 0;

  /** Belongs to `session`. */
  constructor(session: SessionContext) {
    this.#session = session;
  }

  /**
   * Starts to detect silence, and to send pings in the state `pinging`.
   * Repeatable.
   */
  start(state: "greeting" | "pinging"): void {
    if (this.#state === "ended") return;
    const isIdle = this.#state === "idle";
    this.#state = state;
    if (!isIdle) return;
    this.#hasHeard();
    this.#arm();
  }

  /** Stops the heartbeat permanently. Repeatable. */
  stop(): void {
    this.#state = "ended";
    this.#timeout?.stop();
  }

  /**
   * Called when the peer has sent a ping. A ping shows that this side receives
   * the peer's data, but not that the peer receives this side's data: only
   * answers to this side's pings show that.
   */
  pinged(): void {
    // A ping before the answer to the hello shows that the peer got the hello.
    if (this.#state === "pinging") this.#pings++;
  }

  /**
   * Sends a ping at once, because the machine may have slept. A dead peer is
   * then detected after one interval, instead of three.
   */
  check(): void {
    if (this.#state !== "pinging") return;
    // Data received before the machine slept proves nothing about the time
    // since.
    if (this.#hasHeard()) this.#silentParts = 0;
    this.#silentParts = Math.max(this.#silentParts, MISSES * PARTS - 1);
    this.#ask();
  }

  #arm(): void {
    const { options } = this.#session;
    this.#after(options.heartbeatMs / PARTS, (wasBusy) => {
      if (wasBusy) this.#after(CATCH_UP_MS, () => this.#endPart());
      else this.#endPart();
    });
  }

  /** Waits for `timeMs`, and then until the data that has arrived is read. */
  #after(timeMs: number, action: (wasBusy: boolean) => void): void {
    const dueAt = world.now() + timeMs;
    const { timers } = this.#session.channel;
    this.#timeout = timers.start("heartbeat", timeMs, () => {
      const wasBusy = world.now() - dueAt > LATE_MS;
      world.defer(() => this.#state !== "ended" && action(wasBusy));
    });
  }

  #endPart(): void {
    this.#arm();
    if (this.#hasHeard()) this.#silentParts = 0;
    else this.#endSilentPart();
  }

  #endSilentPart(): void {
    const parts = ++this.#silentParts;
    if (parts >= (this.#allowedMisses + 1) * PARTS - 1) {
      this.stop();
      this.#session.channel.cut({
        by: "error",
        code: "heartbeat",
        message: "the peer gave no sign of life",
      });
    } else if (parts % PARTS === 0) this.#ask();
  }

  /** Returns whether anything but pings has arrived since the last call. */
  #hasHeard(): boolean {
    const { connection, counts } = this.#session.channel;
    const bytes = connection.receivedBytes;
    const frames = counts.framesIn - this.#pings;
    // A part of a long frame counts as well.
    const isSilent = frames === this.#frames &&
      (bytes === this.#bytes || this.#pings > 0);
    this.#bytes = bytes;
    this.#frames = counts.framesIn;
    this.#pings = 0;
    return !isSilent;
  }

  get #allowedMisses(): number {
    const { counts } = this.#session.channel;
    const isCalled = this.#state === "greeting" && counts.calls > 1;
    return isCalled ? CALLED_MISSES : MISSES;
  }

  #ask(): void {
    const { channel } = this.#session;
    if (this.#state === "pinging") {
      // If the connection is gone, the failure of the ping does not matter.
      channel.calls.send(["$/ping", [], {}]).catch(() => {});
    } else if (channel.calls.replies > 0) {
      // The peer skipped the hello and answered a later call: it does not
      // support pings, but it is alive.
      this.stop();
    }
  }
}
