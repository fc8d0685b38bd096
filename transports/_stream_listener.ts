import { lifetime } from "./lifetime.ts";
import type { Listener } from "./transport.ts";

/** How long accepting pauses after it failed, as when files run out. */
const PAUSE_MS = 100;

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
  #endPause: (() => void) | null = null;

  /** Begins to accept at once. */
  constructor(listener: Deno.Listener, options: StreamListenerOptions<C>) {
    this.address = options.address;
    this.#listener = listener;
    this.#options = options;
    lifetime.observer?.opened(this, "listener", () => this.address);
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
    lifetime.observer?.closed(this);
  }

  async #accept(): Promise<void> {
    while (!this.#isClosing()) {
      try {
        const conn = await this.#listener.accept() as C;
        if (this.#isClosing()) return conn.close();
        this.#options.accept(conn);
      } catch (error) {
        if (this.#isClosing()) return;
        this.#options.onError?.(error);
        // What fails now (no file descriptor left) would fail again at once.
        if (!this.#isClosing()) await this.#pause();
      }
    }
  }

  /** A method, since the compiler takes the field for unchanged by a call. */
  #isClosing(): boolean {
    return this.#closing !== null;
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, PAUSE_MS);
      this.#endPause = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
