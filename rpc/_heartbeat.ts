import { MAX_TIMEOUT_MS } from "../channel/_max_timeout.ts";
import { lifetime } from "../transports/lifetime.ts";

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
 * A tick that comes late shows that this process was busy itself: what the
 * peer sent meanwhile may wait to be read, so that is no silence.
 */
export class Heartbeat {
  readonly #options: HeartbeatOptions;
  readonly #intervalMs: number;
  #hasEnded = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #received = 0;
  #missed = 0;
  #due = 0;

  constructor(options: HeartbeatOptions) {
    this.#options = options;
    this.#intervalMs = Math.min(options.intervalMs, MAX_TIMEOUT_MS);
  }

  /** Begins to listen for silence, unless it has ended. Repeatable. */
  start(): void {
    if (this.#timer !== null || this.#hasEnded) return;
    if (this.#options.intervalMs === Infinity) return;
    lifetime.observer?.opened(this, "timer", () => "heartbeat");
    lifetime.observer?.owned(this, this.#options.owner);
    this.#arm();
  }

  /** Ends it, for good. Repeatable. */
  stop(): void {
    this.#hasEnded = true;
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
    lifetime.observer?.closed(this);
  }

  #arm(): void {
    this.#received = this.#options.receivedBytes();
    this.#due = performance.now() + this.#intervalMs;
    this.#timer = setTimeout(() => this.#tick(), this.#intervalMs);
    // It is no reason to keep a process alive.
    this.#timer.unref();
  }

  #tick(): void {
    const { receivedBytes, ping, misses, onSilence } = this.#options;
    const wasBusy = performance.now() - this.#due > this.#intervalMs / 2;
    const isSilent = receivedBytes() === this.#received;
    if (!isSilent) this.#missed = 0;
    else if (!wasBusy && this.#missed++ >= misses()) return onSilence();
    if (isSilent) ping();
    if (!this.#hasEnded) this.#arm();
  }
}
