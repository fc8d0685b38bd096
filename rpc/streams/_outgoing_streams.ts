import { emit } from "../_events.ts";
import type { StreamWindow } from "../rpc_options.ts";
import type { Budget } from "../../channel/limits/budget.ts";
import { Deque } from "../../channel/tables/deque.ts";
import { ReferenceReleasedError, UnsupportedByPeerError } from "../errors.ts";
import type {
  MessageContext,
  PassedStream,
  StreamOwner,
} from "../references/_message_context.ts";
import { roughBytes } from "./_rough_bytes.ts";

/** Where streams begin on the wire. */
export const STREAM_PREFIX = "$/stream/";

/** The window where nothing else is asked for. */
export const DEFAULT_WINDOW: StreamWindow = { items: 64, bytes: 1024 * 1024 };

/** How many streams one connection may have open. */
export const MAX_STREAMS = 65_536;

/** So much of what a stream holds may not be in the budget yet. */
const UNCOUNTED_BYTES = 1_024;

/** About what an open stream takes beside its items, in bytes. */
const STREAM_BYTES = 1_024;

/** What `$/next` answers. */
export interface StreamBatch {
  readonly items: readonly unknown[];
  readonly done: boolean;
}

/**
 * Sends the first items of a batch, as many as can be sent, and returns how
 * many those are. Throws what is wrong with the first, if it is that.
 */
export type SendBatch = (batch: StreamBatch) => number;

/** What the other side is known to do with streams. */
export interface StreamPeer {
  /** Whether it can read streams. */
  readonly hasExtensions: boolean;
  /** How far a stream may run ahead of it. */
  readonly window: StreamWindow;
}

/** The parts of a channel that {@linkcode OutgoingStreams} use. */
export interface StreamChannel {
  /** Counts what the other side makes this one hold. */
  readonly budget: Budget;
  /** Calls `write` when there is room in the send queue. */
  whenRoom(write: () => void): void;
  /** Does not count the request for items that was answered. */
  giveBackFrame(): void;
}

/** Whether a value travels as a stream. */
export function isStream(value: unknown): value is AsyncIterable<unknown> {
  try {
    return typeof value === "object" && value !== null &&
      Symbol.asyncIterator in value;
  } catch {
    // A `Proxy` of the user that does not answer is none.
    return false;
  }
}

/** Streams that this side produces and the other side consumes. */
export class OutgoingStreams {
  readonly #channel: StreamChannel;
  readonly #peer: StreamPeer;
  readonly #streams = new Map<number, OutgoingStream>();
  #nextKey = 0;

  /** The items that streams hold count towards the channel's budget. */
  constructor(channel: StreamChannel, peer: StreamPeer) {
    this.#channel = channel;
    this.#peer = peer;
  }

  /** How many streams are open. */
  get size(): number {
    return this.#streams.size;
  }

  /**
   * Passes `iterable` to the other side in the message of `context`, and
   * returns its path. Nothing is taken from it before the other side asks.
   *
   * @throws {UnsupportedByPeerError} If the other side has no extensions.
   * @throws {RangeError} If {@linkcode MAX_STREAMS} are open, or the other side
   * makes this one hold too much.
   */
  add(
    iterable: AsyncIterable<unknown>,
    context: MessageContext | null = null,
  ): string {
    if (!this.#peer.hasExtensions) {
      throw new UnsupportedByPeerError(
        "Cannot send a stream: the other side has no extensions, send lists",
      );
    }
    if (this.#streams.size >= MAX_STREAMS) {
      throw new RangeError(
        `${MAX_STREAMS} streams are open already; read them to their end, or leave them`,
      );
    }
    const { budget } = this.#channel;
    if (budget.exceededBy(STREAM_BYTES) !== null) {
      throw new RangeError(
        `${budget.bytes} bytes are held for the other side already; let it consume what it was sent, or raise 'limits.requests.maxHeldBytes'`,
      );
    }
    budget.hold(STREAM_BYTES);
    const key = this.#nextKey++;
    const owner = context?.owner ?? null;
    const stream = new OutgoingStream(iterable, {
      channel: this.#channel,
      window: this.#peer.window,
      owner,
      onEnd: () => {
        budget.release(STREAM_BYTES);
        this.#streams.delete(key);
        emit(() => ({ type: "stream-ended", stream }));
        owner?.endStream();
      },
    });
    this.#streams.set(key, stream);
    owner?.beginStream();
    context?.addStream(stream);
    emit(() => ({
      type: "stream-opened",
      stream,
      side: "produced",
      channel: this.#channel,
      call: owner,
    }));
    return `${STREAM_PREFIX}${key}`;
  }

  /**
   * Sends more items of the stream `key`, of which `consumed` were consumed,
   * when there is room: many streams at once would fill the queue otherwise.
   * Those that cannot be sent yet are kept for the next time; one that cannot
   * be sent at all ends the stream, and rejects.
   *
   * @throws {ReferenceReleasedError} At once, if there is no such stream.
   */
  next(
    key: number,
    consumed: number,
    send: SendBatch,
  ): Promise<void> {
    const stream = this.#streams.get(key);
    if (stream === undefined) {
      throw new ReferenceReleasedError(
        `Cannot go on with stream ${key}: it has ended, ask for another`,
      );
    }
    return stream.next(consumed, send);
  }

  /** The other side wants no more of the stream `key`. */
  async return(key: number): Promise<void> {
    await this.#streams.get(key)?.end();
  }

  /** Ends all streams, as the connection is gone. */
  endAll(): void {
    for (const stream of [...this.#streams.values()]) stream.drop();
  }
}

/** Ends a producer of which nobody will ask anything. */
export function discardStream(iterable: AsyncIterable<unknown>): void {
  endProducer(() => iterable[Symbol.asyncIterator]());
}

/** Nobody is left to hear of an error in a generator's `finally`. */
function endProducer(open: () => AsyncIterator<unknown>): void {
  returnFrom(open).catch(() => {});
}

async function returnFrom(open: () => AsyncIterator<unknown>): Promise<void> {
  await open().return?.();
}

class OutgoingStream implements PassedStream {
  readonly #channel: StreamChannel;
  readonly #iterable: AsyncIterable<unknown>;
  readonly #window: StreamWindow;
  readonly #owner: StreamOwner | null;
  #onEnd: (() => void) | null;
  #iterator: AsyncIterator<unknown> | null = null;
  /** Items that are not sent. */
  readonly #items = new Deque<unknown>();
  /** Sizes of the items that are not consumed, the oldest first. */
  readonly #sizes = new Deque<number>();
  #bytes = 0;
  /** What of these bytes is not sent, and how much of that is in the budget. */
  #unsentBytes = 0;
  #heldBytes = 0;
  #consumed = 0;
  /** So many items are tried at once: as many as did fit, or twice as many. */
  #most: number;
  #isPumping = false;
  #outcome: { readonly error: unknown } | "done" | null = null;
  #changed: PromiseWithResolvers<void> | null = null;
  #ending: Promise<void> | null = null;

  constructor(
    iterable: AsyncIterable<unknown>,
    { channel, window, owner, onEnd }: {
      readonly channel: StreamChannel;
      readonly window: StreamWindow;
      readonly owner: StreamOwner | null;
      readonly onEnd: () => void;
    },
  ) {
    this.#channel = channel;
    this.#iterable = iterable;
    this.#window = window;
    this.#most = window.items;
    this.#owner = owner;
    this.#onEnd = onEnd;
  }

  get isStarted(): boolean {
    return this.#iterator !== null;
  }

  async next(
    consumed: number,
    send: SendBatch,
  ): Promise<void> {
    this.#forget(consumed);
    this.#pump();
    while (this.#items.size === 0 && this.#outcome === null) {
      this.#changed ??= Promise.withResolvers();
      await this.#changed.promise;
    }
    await new Promise<void>((resolve, reject) =>
      this.#channel.whenRoom(() => {
        try {
          resolve(this.#answer(send));
        } catch (error) {
          reject(error);
        }
      })
    );
  }

  #answer(send: SendBatch): void {
    const outcome = this.#outcome;
    if (outcome === null || outcome === "done") {
      return this.#send(send, outcome === "done");
    }
    // The items before an error come first.
    if (this.#items.size > 0) return this.#send(send, false);
    this.#finish();
    throw outcome.error;
  }

  #send(send: SendBatch, isOver: boolean): void {
    const items = this.#items.first(this.#most);
    const done = isOver && items.length === this.#items.size;
    try {
      const sent = send({ items, done });
      if (sent > 0) this.#channel.giveBackFrame();
      this.#most = sent < items.length ? sent : 2 * this.#most;
      this.#countSent(sent);
      if (done && sent === items.length) this.#finish();
    } catch (error) {
      this.drop();
      throw error;
    }
  }

  withdraw(): void {
    this.#finish();
  }

  drop(): void {
    // Nobody is left to hear of an error in a generator's `finally`.
    this.end().catch(() => {});
  }

  /**
   * Ends the producer. Waits until its `finally` has run, but not for a
   * producer that itself waits for something: that may never come, and its
   * `finally` runs when it does.
   */
  end(): Promise<void> {
    return this.#ending ??= this.#end();
  }

  async #end(): Promise<void> {
    const isOver = this.#outcome !== null;
    this.#outcome ??= "done";
    this.#wake();
    // First, so that a producer that waits hears of it by its signal.
    this.#finish();
    if (isOver) return;
    const iterator = this.#iterator;
    const open = () => iterator ?? this.#iterable[Symbol.asyncIterator]();
    if (this.#isPumping) endProducer(open);
    else await returnFrom(open);
  }

  /** All that was not sent takes the same share of its bytes: close enough. */
  #countSent(sent: number): void {
    const before = this.#items.size;
    for (let count = 0; count < sent; count++) this.#items.shift();
    const bytes = this.#items.size === 0
      ? this.#unsentBytes
      : Math.floor(this.#unsentBytes * sent / before);
    this.#unsentBytes -= bytes;
    this.#hold(this.#unsentBytes);
  }

  #hold(bytes: number): void {
    if (bytes === this.#heldBytes) return;
    this.#channel.budget.hold(bytes - this.#heldBytes);
    this.#heldBytes = bytes;
  }

  #finish(): void {
    if (this.#onEnd === null) return;
    this.#items.clear();
    this.#unsentBytes = 0;
    this.#hold(0);
    const onEnd = this.#onEnd;
    this.#onEnd = null;
    onEnd();
  }

  #wake(): void {
    this.#changed?.resolve();
    this.#changed = null;
  }

  /** The other side may tell nonsense, and only loses by it. */
  #forget(consumed: number): void {
    if (!(consumed > this.#consumed)) return;
    while (this.#consumed < consumed && this.#sizes.size > 0) {
      this.#bytes -= this.#sizes.shift()!;
      this.#consumed++;
    }
  }

  /** Takes items while the window is open. */
  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      while (this.#outcome === null && this.#hasRoom()) {
        const { done, value } = await this.#step();
        if (this.#outcome !== null) break;
        if (done) this.#outcome = "done";
        else this.#keep(value);
        this.#wake();
      }
    } catch (error) {
      this.#outcome ??= { error };
      this.#wake();
    } finally {
      this.#isPumping = false;
      this.#hold(this.#unsentBytes);
    }
  }

  #step(): Promise<IteratorResult<unknown>> {
    if (this.#iterator !== null) return this.#iterator.next();
    const begin = () => {
      this.#iterator = this.#iterable[Symbol.asyncIterator]();
      return this.#iterator.next();
    };
    // The body of a generator begins here, as a part of its call.
    return this.#owner === null ? begin() : this.#owner.run(begin);
  }

  #hasRoom(): boolean {
    const { items } = this.#window;
    // A consumer that says to have consumed what was not sent gains nothing.
    return this.#sizes.size < items && this.#items.size < items &&
      this.#bytes < this.#window.bytes &&
      (this.#heldBytes === 0 || this.#channel.budget.exceededBy(0) === null);
  }

  #keep(item: unknown): void {
    const bytes = roughBytes(item, this.#window.bytes);
    this.#items.push(item);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    // Its end may have come meanwhile, and given back all that was held.
    if (this.#onEnd === null) return;
    this.#unsentBytes += bytes;
    // Not each time: small items come by the hundred thousand a second.
    if (this.#unsentBytes - this.#heldBytes > UNCOUNTED_BYTES) {
      this.#hold(this.#unsentBytes);
    }
  }
}
