import { observed } from "./_observers.ts";
import { world } from "./_world.ts";
import type { Listener } from "./transport.ts";

/**
 * The pauses after failed accepts, as when file descriptors run out. A pause
 * doubles with each failure, until a connection is accepted.
 */
const FIRST_PAUSE_MS = 5;
const LONGEST_PAUSE_MS = 100;

/** Options for {@linkcode StreamListener}. */
export interface StreamListenerOptions<C> {
  /** The real address. */
  readonly address: string;
  /** Takes ownership of a new connection. */
  readonly accept: (conn: C) => void;
  /** Called with the error of each failed accept. */
  readonly onError: ((error: unknown) => void) | undefined;
  /** Hides the listener from clients before it is closed. Must not reject. */
  readonly beforeClose?: () => void | Promise<void>;
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

  /** Starts to accept at once. */
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
        // That connection has left the queue. A pause here would let a client
        // that resets connections keep out all others.
        if (isReset(error)) continue;
        this.#options.onError?.(error);
        // An error such as a lack of file descriptors would recur at once.
        if (!this.#isClosing()) await this.#pause();
      }
    }
  }

  #handOver(conn: C): void {
    try {
      this.#options.accept(conn);
    } catch (error) {
      closeQuietly(conn);
      if (!isReset(error)) this.#options.onError?.(error);
    }
  }

  /** A method, since the compiler assumes that calls change no field. */
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

/**
 * Returns whether a client reset its connection before it was accepted. `Deno`
 * is read only here, so that other runtimes can load this file.
 */
function isReset(error: unknown): boolean {
  const { NotConnected, ConnectionReset, ConnectionAborted, BrokenPipe } =
    Deno.errors;
  return [NotConnected, ConnectionReset, ConnectionAborted, BrokenPipe]
    .some((it) => error instanceof it);
}

function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // `accept` has closed it.
  }
}
