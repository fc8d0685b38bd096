import { Deque } from "./deque.ts";

/** The end of an {@linkcode Inbox}. */
interface InboxEnd {
  /** Creates the error of `recv`. */
  readonly error: () => Error;
  /** Whether iteration ends without an error. */
  readonly quiet: boolean;
}

/**
 * A queue with one reader, which either calls {@linkcode Inbox.recv} or
 * iterates, but not both at once.
 */
export class Inbox<T> implements AsyncIterable<T> {
  readonly #items = new Deque<T>();
  /** The waiting reader. A loop receives results, and `recv` receives items. */
  #reader: PromiseWithResolvers<T | IteratorResult<T, undefined>> | null = null;
  /** Whether the waiting reader is a loop. */
  #isLoopWaiting = false;
  #iterating = false;
  #ended: InboxEnd | null = null;

  /** The number of items that wait for the reader. */
  get size(): number {
    return this.#items.size;
  }

  /** Passes `item` to the waiting reader, or keeps it. */
  push(item: T): void {
    if (this.#reader === null) return this.#items.push(item);
    const isResult = this.#isLoopWaiting;
    this.#reader.resolve(isResult ? { done: false, value: item } : item);
    this.#reader = null;
  }

  /**
   * Ends the inbox. The remaining items can still be received. After them
   * `recv` rejects with a new `error()`, and iteration ends if the end is
   * `quiet`.
   */
  end(error: () => Error, quiet: boolean): void {
    this.#ended ??= { error, quiet };
    const reader = this.#reader;
    this.#reader = null;
    if (this.#isLoopWaiting && quiet) reader?.resolve(this.#leave());
    else reader?.reject(error());
  }

  /** Removes and returns the remaining items. */
  clear(): T[] {
    return this.#items.clear();
  }

  /** Resolves to the next item. */
  recv(): Promise<T> {
    if (this.#iterating) {
      return Promise.reject(secondReader("recv while a loop is reading"));
    }
    return this.#next() as Promise<T>;
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    if (this.#iterating || this.#reader !== null) {
      throw secondReader("iterate while another reader is waiting");
    }
    this.#iterating = true;
    return {
      next: () => this.#nextOrEnd(),
      return: () => Promise.resolve(this.#leave()),
    };
  }

  // Not async: that would cost 8 % of a call, and memory while a loop waits.
  #nextOrEnd(): Promise<IteratorResult<T, undefined>> {
    if (this.size > 0) {
      return Promise.resolve({ done: false, value: this.#items.shift()! });
    }
    if (this.#ended?.quiet) return Promise.resolve(this.#leave());
    const next = this.#next() as Promise<IteratorResult<T, undefined>>;
    this.#isLoopWaiting = true;
    return next;
  }

  #leave(): IteratorReturnResult<undefined> {
    this.#iterating = false;
    return { done: true, value: undefined };
  }

  #next(): Promise<T | IteratorResult<T, undefined>> {
    if (this.#reader !== null) {
      return Promise.reject(secondReader("recv while another recv is waiting"));
    }
    if (this.size > 0) return Promise.resolve(this.#items.shift()!);
    if (this.#ended !== null) return Promise.reject(this.#ended.error());
    this.#reader = Promise.withResolvers();
    this.#isLoopWaiting = false;
    return this.#reader.promise;
  }
}

function secondReader(what: string): TypeError {
  return new TypeError(
    `Cannot ${what}: a channel has one reader, share what it reads`,
  );
}
