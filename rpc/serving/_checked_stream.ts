import { isEndless, markEndless } from "../calls/_endless.ts";
import { openIterator } from "../streams/_web_streams.ts";
import type { Fitting } from "./_schema_check.ts";

/** What is checked of a stream. */
export interface StreamChecks {
  /** Returns an item as its schema returns it. */
  item(value: unknown): Fitting | Promise<Fitting>;
  /** Returns what is thrown instead of an error of the producer. */
  error(error: unknown): unknown;
}

/**
 * A stream whose items and errors are checked. A generator would not do: it does
 * not pass on that it was left before its first item.
 */
export class CheckedStream
  implements AsyncIterableIterator<unknown, undefined> {
  readonly #items: AsyncIterator<unknown>;
  readonly #checks: StreamChecks;

  /** The items are those of `stream`, which an item that does not fit ends. */
  constructor(stream: AsyncIterable<unknown>, checks: StreamChecks) {
    this.#items = openIterator(stream);
    if (isEndless(stream)) markEndless(this);
    this.#checks = checks;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    const { done, value } = await this.#told(this.#items.next());
    if (done) return { done, value: undefined };
    try {
      return { done: false, value: (await this.#checks.item(value)).value };
    } catch (error) {
      await this.return();
      throw error;
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    await this.#told(this.#items.return?.());
    return { done: true, value: undefined };
  }

  async #told<T>(step: T): Promise<Awaited<T>> {
    try {
      return await step;
    } catch (error) {
      throw await this.#checks.error(error);
    }
  }
}
