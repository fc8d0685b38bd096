import type { ConnectionChannel, Timeout } from "../../channel/internal.ts";

/** How many pings may go unanswered before the peer counts as gone. */
export const MISSES = 2;

/**
 * The same for a peer that was called and has not answered the hello. aiomas
 * runs the method of the first call before it replies to the hello, and does
 * nothing else while that method computes.
 */
export const CALLED_MISSES = 39;

/** The parts of a channel that a {@linkcode Heartbeat} uses. */
export type HeartbeatChannel = Pick<
  ConnectionChannel,
  | "callsMade"
  | "cut"
  | "receivedBytes"
  | "repliesReceived"
  | "request"
  | "timers"
>;

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
  readonly #channel: HeartbeatChannel;
  readonly #intervalMs: number;
  #state: State = "idle";
  #timeout: Timeout | null = null;
  #received = 0;
  #missed = 0;

  /** The peer is asked after `intervalMs` of silence; `Infinity` for never. */
  constructor(channel: HeartbeatChannel, intervalMs: number) {
    this.#channel = channel;
    this.#intervalMs = intervalMs;
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
    this.#received = this.#channel.receivedBytes;
    this.#timeout = this.#channel.timers.start(
      "heartbeat",
      this.#intervalMs,
      () => this.#tick(),
      { patient: true },
    );
  }

  #tick(): void {
    const isSilent = this.#channel.receivedBytes === this.#received;
    if (!isSilent) this.#missed = 0;
    else if (this.#missed++ >= this.#allowedMisses) {
      return this.#channel.cut({
        by: "error",
        code: "heartbeat",
        message: "the peer gave no sign of life",
      });
    }
    if (isSilent) this.#ask();
    if (this.#state !== "ended") this.#arm();
  }

  get #allowedMisses(): number {
    const isCalled = this.#state === "greeting" && this.#channel.callsMade > 1;
    return isCalled ? CALLED_MISSES : MISSES;
  }

  #ask(): void {
    if (this.#state === "pinging") {
      // A connection that is gone needs no ping.
      this.#channel.request(["$/ping", [], {}]).catch(() => {});
    } else if (this.#channel.repliesReceived > 0) {
      // The peer skipped the hello and answered a later call: it does not know
      // pings, but it is there.
      this.stop();
    }
  }
}
