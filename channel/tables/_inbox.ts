import { Deque } from "./deque.ts";

/** The end of an {@linkcode Inbox}. */
interface InboxEnd {
  /** Creates the error of `recv`. */
  readonly error: () => Error;
  /** Whether iteration just ends, without an error. */
  readonly quiet: boolean;
}

/** What a loop reads at a quiet end. An error, with its stack, would cost more. */
const END = Symbol("end");

/**
 * A queue with one reader, which calls {@linkcode Inbox.recv} or iterates, but
 * not both.
 */
export class Inbox<T> implements AsyncIterable<T> {
  readonly #items = new Deque<T>();
  #reader: PromiseWithResolvers<T | typeof END> | null = null;
  /** Whether the reader that waits is a loop. */
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
    this.#reader.resolve(item);
    this.#reader = null;
  }

  /**
   * Ends the inbox. Items that are left can still be received. Then `recv`
   * rejects with a new `error()`, and iteration ends if the end is `quiet`.
   */
  end(error: () => Error, quiet: boolean): void {
    this.#ended ??= { error, quiet };
    if (this.#isLoopWaiting && quiet) this.#reader?.resolve(END);
    else this.#reader?.reject(error());
    this.#reader = null;
  }

  /** Removes and returns the items that are left. */
  clear(): T[] {
    return this.#items.clear();
  }

  /** Resolves to the next item. */
  recv(): Promise<T> {
    if (this.#iterating) {
      return Promise.reject(secondReader("recv while a loop is reading"));
    }
    // Only a loop reads the end.
    return this.#next() as Promise<T>;
  }

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    if (this.#iterating || this.#reader !== null) {
      throw secondReader("iterate while another reader is waiting");
    }
    this.#iterating = true;
    return {
      // For an item that waits, an async function would cost 8 % of a call.
      next: () =>
        this.size > 0
          ? Promise.resolve({ done: false, value: this.#items.shift()! })
          : this.#nextOrEnd(),
      return: () => Promise.resolve(this.#leave()),
    };
  }

  async #nextOrEnd(): Promise<IteratorResult<T, undefined>> {
    if (this.#ended?.quiet) return this.#leave();
    const next = this.#next();
    this.#isLoopWaiting = true;
    const value = await next;
    return value === END ? this.#leave() : { done: false, value };
  }

  #leave(): IteratorReturnResult<undefined> {
    this.#iterating = false;
    return { done: true, value: undefined };
  }

  #next(): Promise<T | typeof END> {
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
