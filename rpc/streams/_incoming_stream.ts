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

/** More items are asked for whenever so many can be sent. */
const BATCH_ITEMS = 512;

/** How many questions are remembered with their time: more wait for nothing. */
const MAX_GRANTS = 16;

/** Items that have arrived together. */
interface Arrived {
  readonly items: unknown[];
  /** Their weight. */
  readonly bytes: number;
}

const NONE: Arrived = { items: [], bytes: 0 };

/**
 * A stream that the other side produces. Its items arrive once. Leaving the loop
 * ends the producer, and waits until its `finally` has run, unless the
 * producer itself waits for something.
 *
 * The call that asked for it is over by now, but the signal of the call ends the
 * stream until its consumer has read the end, and the streams in its items. After
 * that, each `next` rejects with the reason.
 */
export class IncomingStream
  implements AsyncIterableIterator<unknown, undefined>, Abortable {
  readonly #session: SessionContext;
  readonly #key: number;
  readonly #replyContext: ReceivedContext;
  /** The batch that is being consumed, and those that came after it. */
  #batch: Arrived = NONE;
  readonly #waiting = new Deque<Arrived>();
  /** The position of the first item of the batch that is not consumed. */
  #at = 0;
  #received = 0;
  /** How many came with the last batch. */
  #lastItems = 0;
  #consumed = 0;
  /** How many the producer was told were consumed. */
  #told = 0;
  /** How many items may be under way, and may be received in all. */
  #window: number;
  #allowed = 0;
  /** How many batches were asked for that have not come. */
  #asked = 0;
  /** Up to which item each question allowed, and when; the newest one last. */
  #grants: { readonly allowed: number; readonly at: number }[] = [];
  /** How long the last batch took, when it came, and what was consumed before. */
  #waitMs = 0;
  #cameAt = 0;
  #consumedBefore = 0;
  /** Whether the producer has no more items, or this side wants no more. */
  #hasEnded = false;
  /** The same, but for an error that its consumer has not seen. */
  #isDone = false;
  #failure: { readonly error: unknown } | null = null;
  #aborted: { readonly reason: unknown } | null = null;
  /** Resolves when all that was asked for has been answered. */
  #answered: Promise<void> = Promise.resolve();
  /**
   * Resolves when the producer has ended or waits for something, once this side
   * has told it to end.
   */
  #left: Promise<void> | null = null;
  /** Resolves when a producer has ended that waited for something then. */
  #work: Promise<void> | null = null;
  /** Resolves when something has come that a `next` waits for. */
  #news: PromiseWithResolvers<void> | null = null;

  /** Whether it has ended while the other side was closing. */
  isCutShort = false;

  /** Consumes the stream at `path`, which a message with the context brought. */
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

  // Not async: most items are there already.
  next(): Promise<IteratorResult<unknown, undefined>> {
    return this.#hasItem() ? Promise.resolve(this.#take()) : this.#await();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    const left = this.#leave();
    // Later callers wait as well, but an error is thrown once.
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

  /** The call that passed it has ended: its reader has an error, if it goes on. */
  expire(): void {
    if (!this.#isDone || this.#hasItem()) this.abort(callEnded());
  }

  /**
   * The connection has ended. Items that are here can still be consumed; after
   * them, `next` rejects.
   */
  lose(error: Error): void {
    this.#markEnded({ error });
  }

  /** Ends the producer, unless it has ended. Repeatable. */
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

  /** Returns whether there is an item to be consumed. */
  #hasItem(): boolean {
    if (this.#at === this.#batch.items.length) this.#nextBatch();
    return this.#batch !== NONE;
  }

  #nextBatch(): void {
    this.#session.channel.budget.release(this.#batch.bytes);
    this.#batch = this.#waiting.shift() ?? NONE;
    this.#at = 0;
  }

  /** Takes an item, which must be there. */
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
   * Asks for more items: when half of the last batch is left, if nothing is asked
   * for; when many can be sent since this side asked; and when nothing is left.
   * The last is a must, because what this side has told may not be enough for the
   * producer to go on.
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
    // Once for each batch that may come, so that none waits for a question.
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
    // What was allowed is not taken back: it may be under way.
    this.#allowed = Math.max(this.#allowed, consumed + this.#window);
    this.#grants.push({ allowed: this.#allowed, at: world.now() });
    if (this.#grants.length > MAX_GRANTS) this.#grants.shift();
    const window = this.#allowed - consumed;
    const args = [this.#key, consumed, ...(window > first ? [window] : [])];
    const earlier = this.#answered;
    this.#answered = channel.calls.send(["$/next", args, {}], {
      // A deadline for calls does not apply to a stream without news.
      timeoutMs: Infinity,
      signal: replyContext.signal,
      onResult: (batch, bytes) => this.#arrive(batch, bytes),
      replyContext,
    }).then(() => {}, async (error) => {
      // Another error takes longer to decode than that of a request after it.
      await earlier;
      this.#fail(error);
    });
  }

  #fail(error: unknown): void {
    // A request after the one that failed is only told that it came too late.
    if (this.#isDone || this.#failure !== null) return;
    this.#failure = { error: asSent(error) };
    // The producer may not know that its items could not be read.
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
      // Without a connection the producer has ended, or will at once.
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
      // A producer that was left may use what it was passed in its `finally`.
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
   * @throws {TypeError} If it is no batch.
   * @throws {ProtocolError} If it has more items than this side asked for.
   * @throws {QueueFullError} If it is more than this side may hold.
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
    // The time since they were allowed: an older question may have been waiting
    // for that, too.
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

/** The method of a stream has run, whether or not more could be asked for. */
function asSent(error: unknown): unknown {
  if (!(error instanceof ConnectionClosedError) || error.sent) return error;
  const { message, by, code, cause } = error;
  return new ConnectionClosedError(message, { by, code, sent: true, cause });
}

/** The other side may answer with anything. */
function checkBatch(batch: unknown): { items: unknown[]; done: boolean } {
  const { items, done } = isRecord(batch) ? batch : {};
  if (Array.isArray(items) && typeof done === "boolean") return { items, done };
  throw new TypeError(
    "Cannot continue stream: the other side answered with no list of items",
  );
}
