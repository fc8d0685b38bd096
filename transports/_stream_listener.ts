import { observed } from "./_observers.ts";
import { world } from "./_world.ts";
import type { Listener } from "./transport.ts";

/**
 * How long accepting pauses after it failed, as when file descriptors run out:
 * twice as long after each failure, until a connection is accepted.
 */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** What {@linkcode StreamListener} needs of the transport. */
export interface StreamListenerOptions<C> {
  /** The real address. */
  readonly address: string;
  /** Takes over a new connection. */
  readonly accept: (conn: C) => void;
  /** Hears of a failing accept. */
  readonly onError: ((error: unknown) => void) | undefined;
  /** Makes it impossible to find, before it is closed; must not reject. */
  readonly beforeClose?: () => Promise<void>;
}

/** Accepts connections from a `Deno.Listener` until it is closed. */
export class StreamListener<C extends Deno.Conn> implements Listener {
  readonly address: string;
  readonly #listener: Deno.Listener;
  readonly #options: StreamListenerOptions<C>;
  #accepting: Promise<void> | null = null;
  #closing: Promise<void> | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #endPause: (() => void) | null = null;

  /** Begins to accept at once. */
  constructor(listener: Deno.Listener, options: StreamListenerOptions<C>) {
    this.address = options.address;
    this.#listener = listener;
    this.#options = options;
    observed.by?.opened(this, "listener", () => this.address);
    this.#accepting = this.#accept();
  }

  close(): Promise<void> {
    return this.#closing ??= this.#close();
  }

  ref(): void {
    this.#listener.ref();
  }

  unref(): void {
    this.#listener.unref();
  }

  async #close(): Promise<void> {
    this.#endPause?.();
    if (this.#options.beforeClose) await this.#options.beforeClose();
    this.#listener.close();
    await this.#accepting;
    observed.by?.closed(this);
  }

  async #accept(): Promise<void> {
    while (!this.#isClosing()) {
      try {
        const conn = await this.#listener.accept() as C;
        if (this.#isClosing()) return conn.close();
        this.#pauseMs = FIRST_PAUSE_MS;
        this.#handOver(conn);
      } catch (error) {
        if (this.#isClosing()) return;
        // Its connection is gone from the queue: the next one may be accepted
        // at once, and must be, or whoever resets connections keeps all out.
        if (isOfOneConnection(error)) continue;
        this.#options.onError?.(error);
        // What fails now (no file descriptor left) would fail again at once.
        if (!this.#isClosing()) await this.#pause();
      }
    }
  }

  #handOver(conn: C): void {
    try {
      this.#options.accept(conn);
    } catch (error) {
      closeQuietly(conn);
      if (!isOfOneConnection(error)) this.#options.onError?.(error);
    }
  }

  /** A method, since the compiler takes the field for unchanged by a call. */
  #isClosing(): boolean {
    return this.#closing !== null;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = world.setTimer(this.#pauseMs, resolve);
      this.#pauseMs = Math.min(2 * this.#pauseMs, LONGEST_PAUSE_MS);
      this.#endPause = () => {
        timer.stop();
        resolve();
      };
    });
  }
}

/** Whether a client reset its connection before this side could accept it. */
function isOfOneConnection(error: unknown): boolean {
  return error instanceof Deno.errors.NotConnected ||
    error instanceof Deno.errors.ConnectionReset ||
    error instanceof Deno.errors.ConnectionAborted ||
    error instanceof Deno.errors.BrokenPipe;
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Whoever took it over has closed it.
  }
}
