import { world } from "../../transports/internal.ts";
import { Deque } from "../../channel/tables/deque.ts";
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

/** This many bytes of a stream's items may be missing in the budget. */
const UNCOUNTED_BYTES = 1_024;

/** The length of a frame by which a peer asks for items of a stream. */
const PACED_BYTES = 40;

/**
 * The most items that are taken from a producer in one turn of the event loop,
 * so that one which never waits does not keep others waiting.
 */
const TURN_ITEMS = 64;

/** The part of its window that a batch is worth waiting for, and how long. */
const BATCH_SHARE = 1 / 8;
const BATCH_MS = 1;

/** A request for items of a stream. */
export interface ItemRequest {
  /** How many of its items were consumed since its beginning. */
  readonly consumed: number;
  /** How many more may be under way, if that is more than at first. */
  readonly window: number;
}

/** A batch of items: the reply to a `$/next`. */
export interface StreamBatch {
  readonly items: readonly unknown[];
  readonly done: boolean;
}

/**
 * Sends as many of the first items of a batch as possible, and returns their
 * number. What they pass belongs to `owner`, as the stream itself does. Throws if not even the first item can be sent.
 */
export type SendBatch = (
  batch: StreamBatch,
  owner: StreamOwner | null,
) => number;

/** Ends a producer that nobody will read. */
export function discardStream(iterable: AsyncIterable<unknown>): void {
  // Nobody can receive an error of a generator's `finally`.
  endProducer(() => openIterator(iterable)).catch(() => {});
}

/** What an {@linkcode OutgoingStream} tells its owner. */
export interface StreamHooks {
  /** The other side can ask for no more items. Called once. */
  onEnd(): void;
  /** The producer is left while it waits for something; `work` ends with it. */
  onLeft(work: Promise<void>): void;
}

/** How a stream goes to its end. */
type Outcome = { readonly error: unknown } | "done";

/** Returns the error of who reads a stream after the call that has passed it. */
export function callEnded(): ReferenceReleasedError {
  return new ReferenceReleasedError(
    "Cannot continue stream: the call that passed it has ended, read it before that",
  );
}

async function endProducer(open: () => AsyncIterator<unknown>): Promise<void> {
  await open().return?.();
}

/** A stream that this side produces, ahead of its consumer by a window. */
export class OutgoingStream implements PassedStream {
  sentItems = 0;
  /** Whether the other side has been told the end, and was sent all items. */
  isRead = false;
  failure: { readonly error: unknown } | null = null;
  readonly #channel: ConnectionChannel;
  readonly #iterable: AsyncIterable<unknown>;
  readonly #first: StreamWindow;
  readonly #most: number;
  readonly #owner: StreamOwner | null;
  readonly #onLeft: (work: Promise<void>) => void;
  #onEnd: (() => void) | null;
  #iterator: AsyncIterator<unknown> | null = null;
  /** Items that are not sent. */
  #items: unknown[] = [];
  /** Sizes of the items that are not consumed, the oldest first. */
  readonly #sizes = new Deque<number>();
  /** The sum of these sizes. */
  #bytes = 0;
  /** The size of the unsent items, and the part of it that is in the budget. */
  #unsentBytes = 0;
  #heldBytes = 0;
  /** Whether that part is too much for the budget. */
  #isOverBudget = false;
  #consumed = 0;
  /** How many items may be under way that are not consumed. */
  #window: number;
  /** How many items are tried at once: as many as fitted, or twice as many. */
  #batchSize: number;
  #isPumping = false;
  /** Whether the producer is not asked for more before the next turn. */
  #isResting = false;
  #outcome: Outcome | null = null;
  /** Resolves when there is a batch to send, or the end; and since when. */
  #changed: PromiseWithResolvers<void> | null = null;
  #askedAt = 0;
  #ending: Promise<void> | null = null;

  /**
   * The window of the stream is `first`, unless its consumer asks for more items
   * of up to `most`. The first step of `iterable` runs as a part of the call
   * `owner`.
   */
  constructor(
    iterable: AsyncIterable<unknown>,
    channel: ConnectionChannel,
    { first, most }: { readonly first: StreamWindow; readonly most: number },
    owner: StreamOwner | null,
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

  /** Sends more items when there are some, as many as there are. */
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
    // The items before an error come first.
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
      // The request for these items does not count: this side sets the pace.
      if (sent > 0) this.#channel.arrivals.giveBackFrame(PACED_BYTES);
      this.#batchSize = sent < items.length ? sent : 2 * this.#batchSize;
      this.#countSent(sent);
      if (done && sent === items.length) {
        this.isRead = true;
        this.#finish();
      }
    } catch (error) {
      this.failure ??= { error };
      this.drop();
      throw error;
    }
  }

  withdraw(): void {
    this.#finish();
  }

  /** Ends the producer; a reader that goes on has an error, and no end. */
  drop(): void {
    this.#ending ??= this.#end({ error: callEnded() });
    // Nobody can receive an error of a generator's `finally`.
    this.#ending.catch(() => {});
  }

  /** Ends the producer. Its reader has the items before, and then the error. */
  fail(error: Error): void {
    if (this.#outcome !== null) return;
    this.#outcome = this.failure = { error };
    this.#wake();
    const iterator = this.#iterator ?? openIterator(this.#iterable);
    this.#leave(endProducer(() => iterator));
  }

  /**
   * Ends the producer. Resolves when its `finally` has run, unless the producer
   * itself waits for something: its `finally` then runs after that, if ever.
   */
  end(): Promise<void> {
    return this.#ending ??= this.#end("done");
  }

  async #end(outcome: Outcome): Promise<void> {
    const isOver = this.#outcome !== null;
    this.#outcome ??= outcome;
    this.#wake();
    // First, so that the signal of a waiting producer aborts.
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
    // Nobody can receive an error of a `finally` that nobody waits for.
    this.#onLeft(ending.catch(() => {}));
  }

  /** Tells observers that the producer is still at work, until it has ended. */
  async #observeEnd(end: () => Promise<void>): Promise<void> {
    emit(() => ({ type: "work-left", subject: this }));
    try {
      await end();
    } finally {
      emit(() => ({ type: "work-done", subject: this }));
    }
  }

  /** Returns what the consumer is told of an error of the producer. */
  #told(error: unknown): unknown {
    this.failure ??= { error };
    return this.#owner === null ? error : this.#owner.report(error);
  }

  /** Attributes the same size to each unsent item, which is close enough. */
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

  /** A consumer that sends a wrong number only harms itself. */
  #forget(consumed: number): void {
    if (!(consumed > this.#consumed)) return;
    while (this.#consumed < consumed && this.#sizes.size > 0) {
      this.#bytes -= this.#sizes.shift()!;
      this.#consumed++;
    }
  }

  /**
   * Takes items while the window is open. Those that come in the same turn of
   * the event loop are sent together: a message for each takes many times as
   * long.
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

  /** Waits for a batch, while the producer goes on without waiting itself. */
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
    // The body of a generator begins here.
    return this.#owner === null ? begin() : this.#owner.run(begin);
  }

  #hasRoom(): boolean {
    const items = this.#window;
    // A consumer that claims to have consumed unsent items gains nothing.
    return this.#sizes.size < items && this.#items.length < items &&
      this.#bytes < this.#first.bytes &&
      !this.#isOverBudget;
  }

  #keep(item: unknown): void {
    const bytes = roughBytes(item, this.#first.bytes);
    this.#items.push(item);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    // If the stream has ended meanwhile, its bytes were released.
    if (this.#onEnd === null) return;
    this.#unsentBytes += bytes;
    // Not for each item: small ones come by the hundred thousand a second.
    if (this.#unsentBytes - this.#heldBytes > UNCOUNTED_BYTES) {
      this.#hold(this.#unsentBytes);
    }
  }
}
