import { observed } from "../../transports/internal.ts";
import { Watchdog } from "../../transports/watchdog.ts";

/** So many pings may stay without an answer. */
export const MISSES = 2;

/** What a {@linkcode Heartbeat} needs of its connection. */
export interface HeartbeatOptions {
  /** For how long nothing may arrive before the other side is asked. */
  readonly intervalMs: number;
  /** To whom the timer belongs. */
  readonly owner: object;
  /** Bytes received so far. */
  readonly receivedBytes: () => number;
  /** Asks the other side for a sign of life; or it may end the heartbeat. */
  readonly ping: () => void;
  /** So many questions may stay without an answer, as things are now. */
  readonly misses: () => number;
  /** The other side is gone. */
  readonly onSilence: () => void;
}

/**
 * Notices a peer that is gone though nothing closed the connection, as when
 * its machine lost power.
 *
 * Time in which this process was too busy to read does not count: what the
 * peer sent meanwhile may wait to be read.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  #hasEnded = false;
  #watchdog: Watchdog | null = null;
  #received = 0;
  #missed = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
  }

  /** Begins to listen for silence, unless it has ended. Repeatable. */
  start(): void {
    if (this.#watchdog !== null || this.#hasEnded) return;
    if (this.#options.intervalMs === Infinity) return;
    observed.by?.opened(this, "timer", () => "heartbeat");
    observed.by?.owned(this, this.#options.owner);
    this.#arm();
  }

  /** Ends it, for good. Repeatable. */
  stop(): void {
    this.#hasEnded = true;
    if (this.#watchdog === null) return;
    this.#watchdog.stop();
    this.#watchdog = null;
    observed.by?.closed(this);
  }

  #arm(): void {
    this.#received = this.#options.receivedBytes();
    const { intervalMs } = this.#options;
    this.#watchdog = new Watchdog(intervalMs, () => this.#tick());
  }

  #tick(): void {
    const { receivedBytes, ping, misses, onSilence } = this.#options;
    const isSilent = receivedBytes() === this.#received;
    if (!isSilent) this.#missed = 0;
    else if (this.#missed++ >= misses()) return onSilence();
    if (isSilent) ping();
    if (!this.#hasEnded) this.#arm();
  }
}
