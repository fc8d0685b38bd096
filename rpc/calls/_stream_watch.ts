/** How a call and the streams in its result have ended. */
export interface CallEnd {
  /** The number of items in the streams, or `null` if there were no streams. */
  readonly items: number | null;
  /** The first error, if there was one. */
  readonly failure: Failure | null;
}

/** Wraps a thrown value, which may be `undefined`. */
interface Failure {
  readonly error: unknown;
}

/**
 * Watches a call and the streams in its result. Calls `onEnd` once, when all of
 * them have ended.
 */
export class StreamWatch {
  #onEnd: ((end: CallEnd) => void) | null;
  /** The number of open streams, plus 1 while the call itself is open. */
  #open = 1;
  #items: number | null = null;
  #failure: Failure | null = null;

  constructor(onEnd: (end: CallEnd) => void) {
    this.#onEnd = onEnd;
  }

  /** Adds a stream in the result. */
  begin(): void {
    this.#open++;
    this.#items ??= 0;
  }

  /** Called when a stream in the result has ended after `items` items. */
  endStream(items: number, failure: Failure | null): void {
    this.#items = (this.#items ?? 0) + items;
    this.end(failure);
  }

  /** Called when the call itself has ended. Its streams may still be open. */
  end(failure: Failure | null = null): void {
    this.#failure ??= failure;
    if (--this.#open === 0) this.#finish();
  }

  /** Called when the call has failed, so that it has no open streams. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#finish();
  }

  #finish(): void {
    const onEnd = this.#onEnd;
    this.#onEnd = null;
    onEnd?.({ items: this.#items, failure: this.#failure });
  }
}
