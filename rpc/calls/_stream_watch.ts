/** How a call and the streams in its result have ended. */
export interface CallEnd {
  /** The number of their items, or `null` if there were no streams. */
  readonly items: number | null;
  /** The first error, if there was one. */
  readonly failure: Failure | null;
}

/** Something was thrown, which may be `undefined`. */
interface Failure {
  readonly error: unknown;
}

/**
 * Follows a call to its end, and the streams in its result to theirs: `onEnd` is
 * called once, when all of them have ended.
 */
export class StreamWatch {
  #onEnd: ((end: CallEnd) => void) | null;
  /** The call itself, and the streams that are open. */
  #open = 1;
  #items: number | null = null;
  #failure: Failure | null = null;

  constructor(onEnd: (end: CallEnd) => void) {
    this.#onEnd = onEnd;
  }

  /** A stream in the result has begun. */
  begin(): void {
    this.#open++;
    this.#items ??= 0;
  }

  /** A stream in the result has ended after so many items. */
  endStream(items: number, failure: Failure | null): void {
    this.#items = (this.#items ?? 0) + items;
    this.end(failure);
  }

  /** The call has ended, beside its streams. */
  end(failure: Failure | null = null): void {
    this.#failure ??= failure;
    if (--this.#open === 0) this.#finish();
  }

  /** The call has failed, so nothing of it goes on. */
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
