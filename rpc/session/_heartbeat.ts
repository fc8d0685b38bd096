import type { Timeout } from "../../channel/internal.ts";
import type { SessionContext } from "../_session_context.ts";

/** How many pings may go unanswered before the peer counts as gone. */
export const MISSES = 2;

/**
 * The same for a peer that was called and has not answered the hello. aiomas
 * runs the method of the first call before it replies to the hello, and does
 * nothing else while that method computes.
 */
export const CALLED_MISSES = 39;

/** `greeting`: the peer has not answered the hello, and gets no pings yet. */
type State = "idle" | "greeting" | "pinging" | "ended";

/**
 * Detects a peer that is gone although nothing closed the connection, such as
 * one whose machine lost power.
 *
 * Time in which this process was too busy to read does not count, because data
 * of the peer may wait to be read.
 */
export class Heartbeat {
  readonly #session: SessionContext;
  #state: State = "idle";
  #timeout: Timeout | null = null;
  #received = 0;
  #missed = 0;

  /** Belongs to `session`. */
  constructor(session: SessionContext) {
    this.#session = session;
  }

  /** Listens for silence, and sends pings in the state `pinging`. Repeatable. */
  start(state: "greeting" | "pinging"): void {
    if (this.#state === "ended") return;
    const isIdle = this.#state === "idle";
    this.#state = state;
    if (isIdle) this.#arm();
  }

  /** Ends the heartbeat for good. Repeatable. */
  stop(): void {
    this.#state = "ended";
    this.#timeout?.stop();
  }

  #arm(): void {
    const { channel, options } = this.#session;
    this.#received = channel.connection.receivedBytes;
    this.#timeout = channel.timers.start(
      "heartbeat",
      options.heartbeatMs,
      () => this.#tick(),
      { patient: true },
    );
  }

  #tick(): void {
    const { channel } = this.#session;
    const isSilent = channel.connection.receivedBytes === this.#received;
    if (!isSilent) this.#missed = 0;
    else if (this.#missed++ >= this.#allowedMisses) {
      return channel.cut({
        by: "error",
        code: "heartbeat",
        message: "the peer gave no sign of life",
      });
    }
    if (isSilent) this.#ask();
    if (this.#state !== "ended") this.#arm();
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
