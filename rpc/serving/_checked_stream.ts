import { isEndless, markEndless } from "../calls/_endless.ts";
import { openIterator } from "../streams/_web_streams.ts";
import type { Fitting } from "./_schema_check.ts";

/** The checks on the items and errors of a stream. */
export interface StreamChecks {
  /** Checks an item. Returns the output of its schema. */
  item(value: unknown): Fitting | Promise<Fitting>;
  /** Checks an error of the producer. Returns the error to throw instead. */
  error(error: unknown): unknown;
}

/**
 * A stream whose items and errors are checked. Not a generator, because
 * `return` before the first `next` would not reach the producer.
 */
export class CheckedStream
  implements AsyncIterableIterator<unknown, undefined> {
  readonly #items: AsyncIterator<unknown>;
  readonly #checks: StreamChecks;

  /** Wraps `stream`. An item that does not fit ends it. */
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
