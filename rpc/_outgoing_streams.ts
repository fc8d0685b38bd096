import { ReferenceReleasedError } from "./errors.ts";
import { roughBytes } from "./_rough_bytes.ts";

/** Where streams begin on the wire. */
export const STREAM_PREFIX = "$/stream/";

/** How much of a stream may be under way. */
export interface StreamWindow {
  /** Items that were produced and not consumed. */
  readonly items: number;
  /** Their size, in bytes. */
  readonly bytes: number;
}

/** The window where nothing else is asked for. */
export const DEFAULT_WINDOW: StreamWindow = { items: 64, bytes: 1024 * 1024 };

/** What `$/next` answers. */
export interface StreamBatch {
  readonly items: readonly unknown[];
  readonly done: boolean;
}

/** Streams that this side produces and the other side consumes. */
export class OutgoingStreams {
  readonly #window: StreamWindow;
  readonly #streams = new Map<number, OutgoingStream>();
  #nextKey = 0;

  constructor(window: StreamWindow) {
    this.#window = window;
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Offers `iterable` to the other side and returns its path. Nothing is taken
   * from it before the other side asks. `onEnd` is called when it is over.
   */
  add(iterable: AsyncIterable<unknown>, onEnd: () => void): string {
    const key = this.#nextKey++;
    const stream = new OutgoingStream(iterable, this.#window, () => {
      this.#streams.delete(key);
      onEnd();
    });
    this.#streams.set(key, stream);
    return `${STREAM_PREFIX}${key}`;
  }

  /** More items of the stream `key`, of which `consumed` were consumed. */
  next(key: number, consumed: number): Promise<StreamBatch> {
    const stream = this.#streams.get(key);
    if (stream === undefined) {
      throw new ReferenceReleasedError(
        `Cannot go on with stream ${key}: it has ended`,
      );
    }
    return stream.next(consumed);
  }

  /** The other side wants no more of the stream `key`. */
  async return(key: number): Promise<void> {
    await this.#streams.get(key)?.end();
  }

  /** Ends all streams, as the connection is gone. */
  endAll(): void {
    for (const stream of [...this.#streams.values()]) {
      // Nobody is left to hear of an error in a generator's `finally`.
      stream.end().catch(() => {});
    }
  }
}

class OutgoingStream {
  readonly #iterable: AsyncIterable<unknown>;
  readonly #window: StreamWindow;
  readonly #onEnd: () => void;
  #iterator: AsyncIterator<unknown> | null = null;
  #items: unknown[] = [];
  /** Sizes of the items that are not consumed, the oldest first. */
  readonly #sizes: number[] = [];
  #bytes = 0;
  #consumed = 0;
  #isPumping = false;
  #outcome: { readonly error: unknown } | "done" | null = null;
  #wake: () => void = () => {};
  #ending: Promise<void> | null = null;

  constructor(
    iterable: AsyncIterable<unknown>,
    window: StreamWindow,
    onEnd: () => void,
  ) {
    this.#iterable = iterable;
    this.#window = window;
    this.#onEnd = onEnd;
  }

  async next(consumed: number): Promise<StreamBatch> {
    this.#forget(consumed);
    this.#pump();
    while (this.#items.length === 0 && this.#outcome === null) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const items = this.#items;
    this.#items = [];
    const outcome = this.#outcome;
    if (outcome === null) return { items, done: false };
    if (outcome === "done") {
      this.#finish();
      return { items, done: true };
    }
    // The items before an error come first.
    if (items.length > 0) return { items, done: false };
    this.#finish();
    throw outcome.error;
  }

  /** Ends the producer, and waits until its `finally` has run. */
  end(): Promise<void> {
    return this.#ending ??= this.#end();
  }

  async #end(): Promise<void> {
    const isOver = this.#outcome !== null;
    this.#outcome ??= "done";
    this.#wake();
    // First, so that a producer that waits hears of it by its signal.
    this.#onEnd();
    if (!isOver) await this.#iterator?.return?.();
  }

  #finish(): void {
    this.#ending ??= Promise.resolve();
    this.#onEnd();
  }

  #forget(consumed: number): void {
    const count = Math.min(consumed - this.#consumed, this.#sizes.length);
    for (const size of this.#sizes.splice(0, Math.max(0, count))) {
      this.#bytes -= size;
    }
    this.#consumed = Math.max(this.#consumed, consumed);
  }

  /** Takes items while the window is open. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      this.#iterator ??= this.#iterable[Symbol.asyncIterator]();
      while (this.#outcome === null && this.#hasRoom()) {
        const { done, value } = await this.#iterator.next();
        if (done) this.#outcome ??= "done";
        else this.#keep(value);
        this.#wake();
      }
    } catch (error) {
      this.#outcome ??= { error };
      this.#wake();
    } finally {
      this.#isPumping = false;
    }
  }

  #hasRoom(): boolean {
    return this.#sizes.length < this.#window.items &&
      this.#bytes < this.#window.bytes;
  }

  #keep(item: unknown): void {
    const bytes = roughBytes(item, this.#window.bytes);
    this.#items.push(item);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
  }
}
