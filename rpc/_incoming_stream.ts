import type { StreamBatch } from "./_outgoing_streams.ts";

/** What a consumed stream needs of its connection. */
export interface StreamSource {
  /** Asks for more, telling how many items were consumed so far. */
  next(consumed: number): Promise<StreamBatch>;
  /** Wants no more. */
  return(): Promise<void>;
}

/**
 * A stream that the other side produces. It can be iterated once. Leaving the
 * loop ends the producer, and waits until its `finally` has run.
 */
export class IncomingStream
  implements AsyncIterableIterator<unknown, undefined> {
  readonly #source: StreamSource;
  #items: unknown[] = [];
  #consumed = 0;
  #isStarted = false;
  #isDone = false;
  #asked: Promise<StreamBatch> | null = null;

  constructor(source: StreamSource) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): this {
    if (this.#isStarted) {
      throw new TypeError(
        "Cannot iterate: a stream can be iterated once, call the method again for another",
      );
    }
    this.#isStarted = true;
    return this;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    while (this.#items.length === 0) {
      if (this.#isDone) return { done: true, value: undefined };
      await this.#receive();
    }
    const value = this.#items.shift();
    this.#consumed++;
    this.#askAhead();
    return { done: false, value };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#isDone) {
      this.#isDone = true;
      this.#items = [];
      await this.#source.return();
    }
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  async #receive(): Promise<void> {
    const asked = this.#asked ?? this.#source.next(this.#consumed);
    this.#asked = null;
    try {
      const { items, done } = await asked;
      // Left in the meantime: nobody wants them.
      if (this.#isDone) return;
      this.#items = [...items];
      this.#isDone = done;
    } catch (error) {
      if (this.#isDone) return;
      this.#isDone = true;
      // The producer may not know: an item of it could not be sent.
      this.#source.return().catch(() => {});
      throw error;
    }
  }

  /** Asks for the next batch before this one is used up. */
  #askAhead(): void {
    if (this.#isDone || this.#asked !== null || this.#items.length > 16) return;
    this.#asked = this.#source.next(this.#consumed);
    // It is awaited by the next `next`, if there is one.
    this.#asked.catch(() => {});
  }
}
