import { world } from "../../transports/internal.ts";
import { Deque } from "../../channel/tables/deque.ts";
import { SerializationError } from "../../channel/errors.ts";
import { isInstance } from "../_failure.ts";
import { ReferenceReleasedError } from "../errors.ts";
import { openIterator } from "./_web_streams.ts";
import type { ConnectionChannel } from "../../channel/internal.ts";
import { emit } from "../_events.ts";
import type {
  PassedStream,
  StreamOwner,
} from "../references/_message_context.ts";
import type { StreamWindow } from "../rpc_options.ts";
import { roughBytes } from "./_rough_bytes.ts";

/** The maximum size of unsent items that may be missing from the budget. */
const UNCOUNTED_BYTES = 1_024;

/** The length of a frame that requests items of a stream, in bytes. */
const PACED_BYTES = 40;

/**
 * The maximum number of items taken from a producer in one turn of the event
 * loop, so that a producer that never waits does not block others.
 */
const TURN_ITEMS = 64;

/**
 * The share of the window that a batch is worth waiting for, and the maximum
 * wait.
 */
const BATCH_SHARE = 1 / 8;
const BATCH_MS = 1;

/** A request for items of a stream. */
export interface ItemRequest {
  /** The total number of consumed items. */
  readonly consumed: number;
  /**
   * The number of items that may be in flight, if larger than the first window.
   */
  readonly window: number;
}

/** A batch of items: the reply to a `$/next`. */
export interface StreamBatch {
  readonly items: readonly unknown[];
  readonly done: boolean;
}

/**
 * Sends as many of the first items of a batch as possible, and returns their
 * number. References and streams in the items belong to `owner`, like the
 * stream itself. Throws if not even the first item can be sent.
 */
export type SendBatch = (
  batch: StreamBatch,
  owner: StreamOwner | null,
) => number;

/** Ends a producer whose items will not be read. */
export function discardStream(iterable: AsyncIterable<unknown>): void {
  // An error of a generator's `finally` cannot be received here.
  endProducer(() => openIterator(iterable)).catch(() => {});
}

/** Callbacks of an {@linkcode OutgoingStream}. */
export interface StreamHooks {
  /** Called once, when the other side cannot request more items. */
  onEnd(): void;
  /**
   * Called when the stream ends while its producer is waiting for something;
   * `work` settles when the producer has ended.
   */
  onLeft(work: Promise<void>): void;
}

/** How a stream ends. */
type Outcome = { readonly error: unknown } | "done";

/**
 * Returns the error for reading a stream after the call that passed it has
 * ended.
 */
export function callEnded(): ReferenceReleasedError {
  return new ReferenceReleasedError(
    "Cannot continue stream: the call that passed it has ended, read it before that",
  );
}

async function endProducer(open: () => AsyncIterator<unknown>): Promise<void> {
  await open().return?.();
}

/**
 * A stream that this side produces, at most one window ahead of its consumer.
 */
export class OutgoingStream implements PassedStream {
  sentItems = 0;
  /** Whether all items and the end were sent to the other side. */
  isRead = false;
  failure: { readonly error: unknown } | null = null;
  readonly #channel: ConnectionChannel;
  readonly #iterable: AsyncIterable<unknown>;
  readonly #first: StreamWindow;
  readonly #most: number;
  readonly #owner: StreamOwner;
  readonly #onLeft: (work: Promise<void>) => void;
  #onEnd: (() => void) | null;
  #iterator: AsyncIterator<unknown> | null = null;
  /** The items that are not sent. */
  #items: unknown[] = [];
  /** The sizes of the items that are not consumed, the oldest first. */
  readonly #sizes = new Deque<number>();
  /** The sum of these sizes. */
  #bytes = 0;
  /**
   * The size of the unsent items; `#heldBytes` is the part of it in the budget.
   */
  #unsentBytes = 0;
  #heldBytes = 0;
  /** Whether the budget is exceeded. */
  #isOverBudget = false;
  #consumed = 0;
  /** The number of unconsumed items that may be in flight. */
  #window: number;
  /**
   * The number of items to try at once: as many as fitted, or twice as many.
   */
  #batchSize: number;
  #isPumping = false;
  /** Whether the producer pauses until the next turn of the event loop. */
  #isResting = false;
  #outcome: Outcome | null = null;
  /**
   * Resolves when there is a batch to send, or the end. `#askedAt` is the time
   * since when it is awaited.
   */
  #changed: PromiseWithResolvers<void> | null = null;
  #askedAt = 0;
  #ending: Promise<void> | null = null;

  /**
   * The window of the stream is `first`, unless its consumer requests a larger
   * one of up to `most` items. The first step of `iterable` runs as part of the
   * call `owner`.
   */
  constructor(
    iterable: AsyncIterable<unknown>,
    channel: ConnectionChannel,
    { first, most }: { readonly first: StreamWindow; readonly most: number },
    owner: StreamOwner,
    { onEnd, onLeft }: StreamHooks,
  ) {
    this.#iterable = iterable;
    this.#channel = channel;
    this.#first = first;
    this.#most = most;
    this.#window = first.items;
    this.#batchSize = most;
    this.#owner = owner;
    this.#onLeft = onLeft;
    this.#onEnd = onEnd;
  }

  /** Sends all available items, or waits until there are some. */
  async next(
    { consumed, window }: ItemRequest,
    send: SendBatch,
  ): Promise<void> {
    this.#forget(consumed);
    this.#window = window > this.#first.items
      ? Math.min(window, this.#most)
      : this.#first.items;
    this.#pump();
    while (this.#items.length === 0 && this.#outcome === null) {
      if (this.#changed === null) {
        this.#changed = Promise.withResolvers();
        this.#askedAt = world.now();
      }
      await this.#changed.promise;
    }
    await new Promise<void>((resolve, reject) =>
      this.#channel.queue.whenRoom(() => {
        try {
          resolve(this.#send(send));
        } catch (error) {
          reject(error);
        }
      })
    );
  }

  #send(send: SendBatch): void {
    const outcome = this.#outcome;
    // The items before an error are sent first.
    if (this.#items.length === 0 && outcome !== null && outcome !== "done") {
      this.#finish();
      throw outcome.error;
    }
    const items = this.#items.length > this.#batchSize
      ? this.#items.slice(0, this.#batchSize)
      : this.#items;
    const done = outcome === "done" && items.length === this.#items.length;
    try {
      const sent = send({ items, done }, this.#owner);
      // The request for these items does not count as traffic of the peer,
      // because this side sets the pace.
      if (sent > 0) this.#channel.arrivals.giveBackFrame(PACED_BYTES);
      this.#batchSize = sent < items.length ? sent : 2 * this.#batchSize;
      this.#countSent(sent);
      if (done && sent === items.length) {
        this.isRead = true;
        this.#finish();
      }
    } catch (error) {
      this.failure ??= { error };
      // The consumer gets this error unmasked, as for a result.
      if (isInstance(error, SerializationError)) this.#owner.report(error);
      this.drop();
      throw error;
    }
  }

  withdraw(): void {
    this.#finish();
  }

  /**
   * Ends the producer. A consumer that continues to read gets an error, not the
   * end.
   */
  drop(): void {
    this.#ending ??= this.#end({ error: callEnded() });
    // An error of a generator's `finally` cannot be received here.
    this.#ending.catch(() => {});
  }

  /**
   * Ends the producer. Its consumer gets the remaining items, and then the
   * error.
   */
  fail(error: Error): void {
    if (this.#outcome !== null) return;
    this.#outcome = this.failure = { error };
    this.#wake();
    const iterator = this.#iterator ?? openIterator(this.#iterable);
    this.#leave(endProducer(() => iterator));
  }

  /**
   * Ends the producer. Resolves when its `finally` has run, unless the producer
   * itself is waiting for something: then its `finally` runs later, if ever.
   */
  end(): Promise<void> {
    return this.#ending ??= this.#end("done");
  }

  async #end(outcome: Outcome): Promise<void> {
    const isOver = this.#outcome !== null;
    this.#outcome ??= outcome;
    this.#wake();
    // Done first, so that the signal of a waiting producer aborts.
    this.#finish();
    if (isOver) return;
    const iterator = this.#iterator;
    const ending = this.#observeEnd(() =>
      endProducer(() => iterator ?? openIterator(this.#iterable))
    );
    if (this.#isPumping && iterator !== null) this.#leave(ending);
    else {
      await ending.catch((error) => {
        throw this.#told(error);
      });
    }
  }

  #leave(ending: Promise<void>): void {
    // Nothing awaits this `finally`, so its error cannot be received.
    this.#onLeft(ending.catch(() => {}));
  }

  /** Tells observers that the producer is still running, until it has ended. */
  async #observeEnd(end: () => Promise<void>): Promise<void> {
    emit(() => ({ type: "work-left", subject: this }));
    try {
      await end();
    } finally {
      emit(() => ({ type: "work-done", subject: this }));
    }
  }

  /** Returns the error to send to the consumer for an error of the producer. */
  #told(error: unknown): unknown {
    this.failure ??= { error };
    return this.#owner.report(error);
  }

  /**
   * Counts sent items. Assumes that all unsent items have the same size, which
   * is accurate enough.
   */
  #countSent(sent: number): void {
    const before = this.#items.length;
    this.#items = this.#items.slice(sent);
    this.sentItems += sent;
    const bytes = this.#items.length === 0
      ? this.#unsentBytes
      : Math.floor(this.#unsentBytes * sent / before);
    this.#unsentBytes -= bytes;
    this.#hold(this.#unsentBytes);
  }

  #hold(bytes: number): void {
    const { budget } = this.#channel;
    if (bytes !== this.#heldBytes) budget.hold(bytes - this.#heldBytes);
    this.#heldBytes = bytes;
    this.#isOverBudget = bytes > 0 && budget.exceededBy(0) !== null;
  }

  #finish(): void {
    const onEnd = this.#onEnd;
    if (onEnd === null) return;
    this.#onEnd = null;
    this.#items = [];
    this.#unsentBytes = 0;
    this.#hold(0);
    onEnd();
  }

  #wake(): void {
    this.#changed?.resolve();
    this.#changed = null;
  }

  /**
   * Removes the sizes of consumed items. A consumer that sends a wrong number
   * only harms itself.
   */
  #forget(consumed: number): void {
    if (!(consumed > this.#consumed)) return;
    while (this.#consumed < consumed && this.#sizes.size > 0) {
      this.#bytes -= this.#sizes.shift()!;
      this.#consumed++;
    }
  }

  /**
   * Takes items from the producer while the window is open. Items of the same
   * turn of the event loop are sent together, because a message for each takes
   * many times as long.
   */
  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    let taken = 0;
    // The budget may have room again.
    this.#hold(this.#heldBytes);
    try {
      while (this.#outcome === null && this.#hasRoom()) {
        const { done, value } = await this.#step();
        if (this.#outcome !== null) break;
        if (done) {
          this.#outcome = "done";
          break;
        }
        this.#keep(value);
        if (this.#changed !== null && this.#items.length === 1) this.#gather();
        if (++taken % TURN_ITEMS === 0) {
          this.#isResting = true;
          await world.nextTurn();
          this.#isResting = false;
          this.#hold(this.#heldBytes);
        }
      }
    } catch (error) {
      if (this.#outcome === null) this.#outcome = { error: this.#told(error) };
    } finally {
      this.#isPumping = false;
      this.#hold(this.#unsentBytes);
      this.#wake();
    }
  }

  /** Waits for a batch, while the producer yields items without waiting. */
  #gather(): void {
    world.defer(() => {
      const enough = this.#window * BATCH_SHARE;
      const isWorthIt = this.#isResting && this.#items.length < enough &&
        world.now() - this.#askedAt < BATCH_MS;
      if (isWorthIt) this.#gather();
      else this.#wake();
    });
  }

  #step(): Promise<IteratorResult<unknown>> {
    if (this.#iterator !== null) return this.#iterator.next();
    const begin = () => {
      this.#iterator = openIterator(this.#iterable);
      return this.#iterator.next();
    };
    // This runs the body of a generator up to its first `yield`.
    return this.#owner.run(begin);
  }

  #hasRoom(): boolean {
    const items = this.#window;
    // Limits unsent items, too, in case a consumer claims to have consumed
    // them.
    return this.#sizes.size < items && this.#items.length < items &&
      this.#bytes < this.#first.bytes &&
      !this.#isOverBudget;
  }

  #keep(item: unknown): void {
    const bytes = roughBytes(item, this.#first.bytes);
    this.#items.push(item);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    // If the stream has ended meanwhile, its bytes were already released.
    if (this.#onEnd === null) return;
    this.#unsentBytes += bytes;
    // Not for each item: a stream may have 100,000 small items a second.
    if (this.#unsentBytes - this.#heldBytes > UNCOUNTED_BYTES) {
      this.#hold(this.#unsentBytes);
    }
  }
}
