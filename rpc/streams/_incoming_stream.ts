import { ConnectionClosedError, QueueFullError } from "../../channel/errors.ts";
import type { Abortable } from "../../channel/timers/abort_listeners.ts";
import { Deque } from "../../channel/tables/deque.ts";
import { ProtocolError } from "../../transports/errors.ts";
import { world } from "../../transports/internal.ts";
import { emit } from "../_events.ts";
import type { SessionContext } from "../_session_context.ts";
import { isRecord } from "../references/_call_content.ts";
import type { ReceivedContext } from "../references/_message_context.ts";
import { callEnded } from "./_outgoing_stream.ts";
import { STREAM_PREFIX } from "./_outgoing_streams.ts";
import { firstWindow, nextWindow } from "./_window.ts";

/** More items are requested whenever this many can be sent. */
const BATCH_ITEMS = 512;

/** The maximum number of requests whose time is recorded. */
const MAX_GRANTS = 16;

/** Items that have arrived together. */
interface Arrived {
  readonly items: unknown[];
  /** The size of the items, in bytes. */
  readonly bytes: number;
}

const NONE: Arrived = { items: [], bytes: 0 };

/**
 * A stream that the other side produces. It can be read once. Leaving the loop
 * ends the producer, and waits until its `finally` has run, unless the producer
 * itself is waiting for something.
 *
 * The call that returned it has ended, but the signal of that call still ends
 * the stream, and the streams in its items, until the consumer has read the
 * end. After an abort, each `next` rejects with the reason.
 */
export class IncomingStream
  implements AsyncIterableIterator<unknown, undefined>, Abortable {
  readonly #session: SessionContext;
  readonly #key: number;
  readonly #replyContext: ReceivedContext;
  /** The batch that is being consumed; later batches are in `#waiting`. */
  #batch: Arrived = NONE;
  readonly #waiting = new Deque<Arrived>();
  /** The index of the first item in `#batch` that is not consumed. */
  #at = 0;
  #received = 0;
  /** The number of items in the last batch. */
  #lastItems = 0;
  #consumed = 0;
  /** The number of consumed items that was last sent to the producer. */
  #told = 0;
  /**
   * The number of items that may be in flight; `#allowed` is the total number
   * that may be received.
   */
  #window: number;
  #allowed = 0;
  /** The number of requested batches that have not arrived. */
  #asked = 0;
  /** The total that each request allowed, and its time; the newest last. */
  #grants: { readonly allowed: number; readonly at: number }[] = [];
  /**
   * How long the last batch took, its arrival time, and the number of items
   * consumed before it.
   */
  #waitMs = 0;
  #cameAt = 0;
  #consumedBefore = 0;
  /** Whether the producer has ended or failed, or this side has left. */
  #hasEnded = false;
  /**
   * Like `#hasEnded`, but `false` until the consumer has received the error.
   */
  #isDone = false;
  #failure: { readonly error: unknown } | null = null;
  #aborted: { readonly reason: unknown } | null = null;
  /** Resolves when all requests for items have been answered. */
  #answered: Promise<void> = Promise.resolve();
  /**
   * Set once this side has told the producer to end. Resolves when it has
   * ended, or is waiting for something.
   */
  #left: Promise<void> | null = null;
  /**
   * Resolves when a producer that was waiting when it was told to end has
   * ended.
   */
  #work: Promise<void> | null = null;
  /** Resolves when there is news for a waiting `next`. */
  #news: PromiseWithResolvers<void> | null = null;

  /** Whether the stream has ended while the other side was closing. */
  isCutShort = false;

  /**
   * Consumes the stream at `path`, which arrived in a message with `context`.
   */
  constructor(
    session: SessionContext,
    path: string,
    context: ReceivedContext,
  ) {
    const { kind, signal, call, lease, watches } = context;
    this.#session = session;
    this.#window = firstWindow(session.options.streamWindow).items;
    this.#key = Number(path.slice(STREAM_PREFIX.length));
    this.#replyContext = { kind: "reply", signal, call, lease, watches };
    lease?.extend();
    for (const watch of watches ?? []) watch.begin();
    if (kind === "reply") session.incoming.add(this);
    else (context.streams ??= []).push(this);
    if (signal !== undefined) session.aborting.add(signal, this);
    emit(() => ({
      type: "stream-opened",
      subject: this,
      side: "consumed",
      channel: session.channel,
      call: call ?? null,
    }));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  // Not async: most items have already arrived.
  next(): Promise<IteratorResult<unknown, undefined>> {
    return this.#hasItem() ? Promise.resolve(this.#take()) : this.#await();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    const left = this.#leave();
    // Later callers wait as well, but only the first one gets an error.
    this.#left = left?.catch(() => {}) ?? null;
    await left;
    return { done: true, value: undefined };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** Ends the stream, because the signal of its call has aborted. */
  abort(reason: unknown): void {
    this.#aborted = { reason };
    this.#leave({ error: reason });
  }

  /**
   * Called when the call that passed the stream has ended. A consumer that
   * continues to read gets an error.
   */
  expire(): void {
    if (!this.#isDone || this.#hasItem()) this.abort(callEnded());
  }

  /**
   * Called when the connection has ended. Items that have arrived can still be
   * consumed; after them, `next` rejects.
   */
  lose(error: Error): void {
    this.#markEnded({ error });
  }

  /** Ends the producer, unless it has already ended. Repeatable. */
  #leave(
    failure: { readonly error: unknown } | null = null,
  ): Promise<void> | null {
    this.#session.aborting.remove(this);
    do this.#nextBatch(); while (this.#batch !== NONE);
    if (!this.#isDone) {
      this.#isDone = true;
      this.#tellProducer();
    }
    this.#markEnded(failure);
    this.#wake();
    return this.#left;
  }

  /** Returns whether there is an item to consume. */
  #hasItem(): boolean {
    if (this.#at === this.#batch.items.length) this.#nextBatch();
    return this.#batch !== NONE;
  }

  #nextBatch(): void {
    this.#session.channel.budget.release(this.#batch.bytes);
    this.#batch = this.#waiting.shift() ?? NONE;
    this.#at = 0;
  }

  /** Takes an item. There must be one. */
  #take(): IteratorYieldResult<unknown> {
    const { items } = this.#batch;
    const value = items[this.#at];
    items[this.#at++] = undefined;
    this.#consumed++;
    if (this.#at === items.length) this.#nextBatch();
    this.#askAhead();
    return { done: false, value };
  }

  async #await(): Promise<IteratorResult<unknown, undefined>> {
    while (!this.#hasItem()) {
      if (this.#aborted !== null) throw this.#aborted.reason;
      if (this.#isDone) {
        this.#session.aborting.remove(this);
        return { done: true, value: undefined };
      }
      if (this.#failure !== null) {
        const { error } = this.#failure;
        this.#leave();
        throw error;
      }
      this.#askAhead();
      this.#news ??= Promise.withResolvers();
      await this.#news.promise;
    }
    return this.#take();
  }

  #wake(): void {
    this.#news?.resolve();
    this.#news = null;
  }

  /**
   * Requests more items in three cases: when half of the last batch is left and
   * no request is pending; when many more can be sent than at the last request;
   * and when no items are left. The last case is necessary, because the number
   * of consumed items that the producer knows may be too low for it to
   * continue.
   */
  #askAhead(): void {
    if (this.#isDone || this.#failure !== null) return;
    const left = this.#received - this.#consumed;
    const news = this.#consumed - this.#told;
    const isDue = this.#asked === 0
      ? 2 * left <= this.#lastItems
      : left === 0 && news > 0;
    if (!isDue && news < Math.min(this.#window / 2, BATCH_ITEMS)) return;
    this.#widen();
    // One request for each batch that may arrive, so that no batch waits for
    // one.
    do this.#ask(); while (
      this.#asked * BATCH_ITEMS < this.#allowed - this.#received
    );
  }

  #widen(): void {
    this.#window = nextWindow(this.#window, {
      isUsedUp: this.#received === this.#allowed,
      waitMs: this.#waitMs,
      consumed: this.#consumed - this.#consumedBefore,
      consumedMs: world.now() - this.#cameAt,
    }, this.#session.options.streamWindow);
  }

  #ask(): void {
    const { options: { streamWindow }, channel } = this.#session;
    const replyContext = this.#replyContext;
    const first = firstWindow(streamWindow).items;
    const consumed = this.#told = this.#consumed;
    this.#asked++;
    // Never allow fewer items than before: they may be in flight.
    this.#allowed = Math.max(this.#allowed, consumed + this.#window);
    this.#grants.push({ allowed: this.#allowed, at: world.now() });
    if (this.#grants.length > MAX_GRANTS) this.#grants.shift();
    const window = this.#allowed - consumed;
    const args = [this.#key, consumed, ...(window > first ? [window] : [])];
    const earlier = this.#answered;
    this.#answered = channel.calls.send(["$/next", args, {}], {
      // The timeout of calls does not apply to a stream, which may pause.
      timeoutMs: Infinity,
      signal: replyContext.signal,
      onResult: (batch, bytes) => this.#arrive(batch, bytes),
      replyContext,
    }).then(() => {}, async (error) => {
      // The error of a later request may be decoded before an earlier error.
      await earlier;
      this.#fail(error);
    });
  }

  #fail(error: unknown): void {
    // Only the first failed request gets the real error; later ones come too
    // late.
    if (this.#isDone || this.#failure !== null) return;
    this.#failure = { error: asSent(error) };
    // The producer may not know that its items could not be decoded.
    this.#tellProducer();
    this.#markEnded(this.#failure);
    this.#wake();
  }

  /** Tells the producer to end. Repeatable. */
  #tellProducer(): void {
    this.#left ??= this.#endProducer();
    // An error in the producer's `finally` is thrown by `return`.
    this.#left.catch(() => {});
  }

  async #endProducer(): Promise<void> {
    const { calls } = this.#session.channel;
    try {
      const isAtWork = await calls.send(["$/return", [this.#key], {}]);
      if (isAtWork !== true || this.#replyContext.lease === undefined) return;
    } catch (error) {
      // Without a connection, the producer has ended or will end at once.
      if (error instanceof ConnectionClosedError) return;
      throw error;
    }
    const unlimited = { timeoutMs: Infinity };
    this.#work = calls.send(["$/return", [this.#key, true], {}], unlimited)
      .then(() => {}, () => {});
  }

  #markEnded(failure: { readonly error: unknown } | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#session.incoming.delete(this);
    emit(() => ({ type: "ended", subject: this }));
    const { lease, watches } = this.#replyContext;
    const end = (failure: { readonly error: unknown } | null) => {
      // The `finally` of a producer may still use references that it was
      // passed.
      if (this.#work === null) lease?.end();
      else this.#work.then(() => lease?.end());
      for (const watch of watches ?? []) {
        watch.endStream(this.#received, failure);
      }
    };
    (this.#left ?? Promise.resolve()).then(
      () => end(failure),
      (error) => end(failure ?? { error }),
    );
  }

  /**
   * Counts a batch on arrival, because it may be consumed much later.
   *
   * @throws {TypeError} If it is not a batch.
   * @throws {ProtocolError} If it has more items than this side requested.
   * @throws {QueueFullError} If it exceeds what this side may hold.
   */
  #arrive(batch: unknown, bytes: number): void {
    if (this.#isDone) return;
    const { budget } = this.#session.channel;
    const { items, done } = checkBatch(batch);
    this.#asked--;
    this.#cameAt = world.now();
    this.#consumedBefore = this.#consumed;
    this.#lastItems = items.length;
    this.#received += items.length;
    if (this.#received > this.#allowed) {
      const over = this.#received - this.#allowed;
      throw new ProtocolError(
        `Cannot continue stream: ${over} more of its items came than the ${this.#window} that may be under way`,
      );
    }
    // Measured since the items were allowed: an older request may have been
    // waiting for that, too.
    while (this.#grants[0]!.allowed < this.#received) this.#grants.shift();
    this.#waitMs = this.#cameAt - this.#grants[0]!.at;
    const full = budget.exceededBy(bytes);
    if (full !== null) {
      throw new QueueFullError(
        `Cannot continue stream: ${full.bytes} bytes are held for this peer and ${bytes} came, consume what was received or raise 'limits.requests.maxHeldBytes'`,
        { limit: full.limit },
      );
    }
    if (items.length > 0) {
      budget.hold(bytes);
      this.#waiting.push({ items, bytes });
    }
    if (done) {
      this.isCutShort = this.#session.closing.isDraining;
      this.#isDone = true;
      this.#markEnded(null);
    }
    this.#wake();
  }
}

/**
 * Marks a connection error as `sent`: the method that returned the stream has
 * run, even if the last request for items was not sent.
 */
function asSent(error: unknown): unknown {
  if (!(error instanceof ConnectionClosedError) || error.sent) return error;
  const { message, by, code, cause } = error;
  return new ConnectionClosedError(message, { by, code, sent: true, cause });
}

/** Checks a batch, because the other side may answer with any value. */
function checkBatch(batch: unknown): { items: unknown[]; done: boolean } {
  const { items, done } = isRecord(batch) ? batch : {};
  if (Array.isArray(items) && typeof done === "boolean") return { items, done };
  throw new TypeError(
    "Cannot continue stream: the other side answered with no list of items",
  );
}
