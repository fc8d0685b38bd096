import { emit } from "../_events.ts";
import type { Budget } from "../../channel/limits/budget.ts";
import { QueueFullError } from "../../channel/errors.ts";
import { ProtocolError } from "../../transports/errors.ts";
import type { StreamBatch } from "./_outgoing_stream.ts";
import type { StreamWindow } from "../rpc_options.ts";

/** The producer of a consumed stream, on the other side. */
export interface StreamSource {
  /** How much the other side may send ahead of the consumer. */
  readonly window: StreamWindow;
  /** Counts the bytes that the other side makes this one hold. */
  readonly budget: Budget;
  /**
   * Asks for more items; `consumed` items were consumed so far. `onArrival` is
   * called with the batch, and its weight in bytes, before this resolves.
   */
  next(
    consumed: number,
    onArrival: (batch: unknown, weightBytes: number) => void,
  ): Promise<StreamBatch>;
  /** Leaves the stream. */
  return(): Promise<void>;
}

/** Registers a function that aborts a stream; returns a function that undoes that. */
export type BindStream = (onAbort: (reason: unknown) => void) => () => void;

/** The next items are asked for when this many are left. */
const LOW_ITEMS = 16;

/**
 * A stream that the other side produces. It can be iterated once. Leaving the
 * loop ends the producer, and waits until its `finally` has run, unless the
 * producer itself waits for something.
 *
 * A bound stream can be aborted until its consumer has read its end. After that,
 * each `next` rejects with the reason.
 */
export class IncomingStream
  implements AsyncIterableIterator<unknown, undefined> {
  readonly #source: StreamSource;
  #items: unknown[] = [];
  /** The position of the first item that is not consumed. */
  #at = 0;
  #received = 0;
  #consumed = 0;
  /** The weight of the items, and that of the batch that came after them. */
  #itemsBytes = 0;
  #arrivedBytes = 0;
  #isStarted = false;
  /** Whether the producer has no more items, or this side wants no more. */
  #hasEnded = false;
  #isDone = false;
  #aborted: { readonly reason: unknown } | null = null;
  readonly #unbind: () => void;
  /** Resolves when the producer has ended, if this side has left the stream. */
  #left: Promise<void> = Promise.resolve();
  /** The batch that was asked for and is not awaited yet. */
  #asked: Promise<StreamBatch> | null = null;
  /** Resolves when the items that a `next` waits for are here. */
  #receiving: Promise<void> | null = null;

  constructor(source: StreamSource, bind?: BindStream) {
    this.#source = source;
    this.#unbind = bind?.((reason) => this.#abort(reason)) ?? (() => {});
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
    while (this.#at === this.#items.length) {
      if (this.#aborted !== null) throw this.#aborted.reason;
      if (this.#isDone) {
        this.#unbind();
        return { done: true, value: undefined };
      }
      await this.#receive();
    }
    const value = this.#items[this.#at];
    this.#items[this.#at++] = undefined;
    this.#consumed++;
    if (this.#at === this.#items.length) this.#forgetItems();
    this.#askAhead();
    return { done: false, value };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    const left = this.#leave();
    // Later callers wait as well, but an error is thrown once.
    this.#left = left.catch(() => {});
    await left;
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  #abort(reason: unknown): void {
    this.#aborted = { reason };
    // An error in the producer's `finally` is thrown by `return`.
    this.#leave().catch(() => {});
  }

  /** Ends the producer, unless it has ended. Repeatable. */
  #leave(): Promise<void> {
    this.#unbind();
    this.#forgetItems();
    this.#source.budget.release(this.#arrivedBytes);
    this.#arrivedBytes = 0;
    this.#markEnded();
    if (!this.#isDone) {
      this.#isDone = true;
      this.#left = this.#source.return();
    }
    return this.#left;
  }

  #forgetItems(): void {
    this.#items = [];
    this.#at = 0;
    this.#source.budget.release(this.#itemsBytes);
    this.#itemsBytes = 0;
  }

  #ask(): Promise<StreamBatch> {
    const consumed = this.#consumed;
    const asked = this.#source.next(
      consumed,
      (batch, bytes) => this.#arrive(batch, bytes, consumed),
    );
    asked.catch(() => this.#markEnded());
    return asked;
  }

  #markEnded(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    emit(() => ({ type: "stream-ended", stream: this }));
  }

  /**
   * Counts a batch on arrival, because it may be consumed much later.
   *
   * @throws {ProtocolError} If it has more items than this side asked for.
   * @throws {QueueFullError} If it is more than this side may hold.
   */
  #arrive(batch: unknown, bytes: number, consumed: number): void {
    if (this.#isDone) return;
    const { window, budget } = this.#source;
    this.#received += isBatch(batch) ? batch.items.length : 0;
    if (isBatch(batch) && batch.done) this.#markEnded();
    const ahead = this.#received - consumed;
    if (ahead > window.items) {
      throw new ProtocolError(
        `Cannot continue stream: ${ahead} of its items are not consumed, where ${window.items} may be`,
      );
    }
    const full = budget.exceededBy(bytes);
    if (full !== null) {
      throw new QueueFullError(
        `Cannot continue stream: ${full.bytes} bytes are held for this peer and ${bytes} came, consume what was received or raise 'limits.requests.maxHeldBytes'`,
        { limit: full.limit },
      );
    }
    budget.hold(bytes);
    this.#arrivedBytes += bytes;
  }

  async #receive(): Promise<void> {
    if (this.#receiving === null) {
      this.#receiving = this.#take().finally(() => this.#receiving = null);
      return await this.#receiving;
    }
    // An error is thrown once, by the `next` that asked first.
    await this.#receiving.catch(() => {});
  }

  async #take(): Promise<void> {
    const asked = this.#asked ?? this.#ask();
    this.#asked = null;
    try {
      const { items, done } = checkBatch(await asked);
      // The consumer has left in the meantime.
      if (this.#isDone) return;
      this.#items = items as unknown[];
      this.#itemsBytes = this.#arrivedBytes;
      this.#arrivedBytes = 0;
      this.#isDone = done;
      if (items.length === 0) this.#forgetItems();
    } catch (error) {
      if (this.#isDone) return;
      // The producer may not know that its items could not be read.
      this.#leave().catch(() => {});
      throw error;
    }
  }

  /** Asks for the next batch before this one is consumed. */
  #askAhead(): void {
    if (this.#isDone || this.#asked !== null || this.#receiving !== null) {
      return;
    }
    if (this.#items.length - this.#at > LOW_ITEMS) return;
    this.#asked = this.#ask();
    // Awaited by the next `next`, if there is one.
    this.#asked.catch(() => {});
  }
}

/** The other side may answer with anything. */
function checkBatch(batch: StreamBatch): StreamBatch {
  if (isBatch(batch) && typeof batch.done === "boolean") return batch;
  throw new TypeError(
    "Cannot continue stream: the other side answered with no list of items",
  );
}

function isBatch(batch: unknown): batch is StreamBatch {
  return typeof batch === "object" && batch !== null &&
    Array.isArray((batch as StreamBatch).items);
}
