import { LATE_MS, type Timeout } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import type { SessionContext } from "../_session_context.ts";

/** How many pings may go unanswered before the peer counts as gone. */
export const MISSES = 2;

/**
 * The same for a peer that was called and has not answered the hello. aiomas
 * runs the method of the first call before it replies to the hello, and does
 * nothing else while that method computes.
 */
export const CALLED_MISSES = 39;

/**
 * The parts of an interval. A peer that falls silent just after the end of a part
 * is silent for almost one part more than was counted, so the last one of all is
 * left out: three intervals are never exceeded.
 */
const PARTS = 8;

/**
 * The time, in milliseconds, to read what has arrived while this process was too
 * busy for that.
 */
const CATCH_UP_MS = 10;

/** `greeting`: the peer has not answered the hello, and gets no pings yet. */
type State = "idle" | "greeting" | "pinging" | "ended";

/**
 * Detects a peer that is gone although nothing closed the connection, such as
 * one whose machine lost power.
 *
 * A while in which this process could not read counts as one part of an interval
 * at most, because data of the peer may wait to be read. So does a turn of the
 * event loop, however far a test moves its fake time on.
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

  /** Listens for silence, and sends pings in the state `pinging`. Repeatable. */
  start(state: "greeting" | "pinging"): void {
    if (this.#state === "ended") return;
    const isIdle = this.#state === "idle";
    this.#state = state;
    if (!isIdle) return;
    this.#hasHeard();
    this.#arm();
  }

  /** Ends the heartbeat for good. Repeatable. */
  stop(): void {
    this.#state = "ended";
    this.#timeout?.stop();
  }

  /**
   * The peer has sent a ping. It shows that this side can hear the peer, and not
   * that the peer hears this side: the answers to this side's own pings do.
   */
  pinged(): void {
    // One that comes before the answer to the hello shows that the hello came.
    if (this.#state === "pinging") this.#pings++;
  }

  /**
   * Asks the peer at once, because the machine may have slept. A peer that is
   * gone is noticed after one interval, instead of three.
   */
  check(): void {
    if (this.#state !== "pinging") return;
    // What was heard before the machine slept shows nothing of the time since.
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

  /** Waits for `timeMs`, and then until what has arrived is read. */
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

  /** Returns whether more than pings has arrived since the last call. */
  #hasHeard(): boolean {
    const { connection, counts } = this.#session.channel;
    const bytes = connection.receivedBytes;
    const frames = counts.framesIn - this.#pings;
    // A part of a long frame is a sign, too.
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
      // A connection that is gone needs no ping.
      channel.calls.send(["$/ping", [], {}]).catch(() => {});
    } else if (channel.calls.replies > 0) {
      // The peer skipped the hello and answered a later call: it does not know
      // pings, but it is there.
      this.stop();
    }
  }
}
