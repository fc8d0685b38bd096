import { ConnectionClosedError, QueueFullError } from "../../channel/errors.ts";
import type { Abortable } from "../../channel/timers/abort_listeners.ts";
import { ProtocolError } from "../../transports/errors.ts";
import { emit } from "../_events.ts";
import type { SessionContext } from "../_session_context.ts";
import { isRecord } from "../references/_call_content.ts";
import type { ReceivedContext } from "../references/_message_context.ts";
import { callEnded, type StreamBatch } from "./_outgoing_stream.ts";
import { STREAM_PREFIX } from "./_outgoing_streams.ts";

/** The next items are asked for when this many are left. */
const LOW_ITEMS = 16;

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
  #items: unknown[] = [];
  /** The position of the first item that is not consumed. */
  #at = 0;
  #received = 0;
  #consumed = 0;
  /** The weight of the items, and that of the batch that came after them. */
  #itemsBytes = 0;
  #arrivedBytes = 0;
  /** Whether the producer has no more items, or this side wants no more. */
  #hasEnded = false;
  #isDone = false;
  #aborted: { readonly reason: unknown } | null = null;
  /** Resolves when the producer has ended, if this side has left the stream. */
  #left: Promise<void> = Promise.resolve();
  /** The batch that was asked for and is not awaited yet. */
  #asked: Promise<StreamBatch> | null = null;
  /** Resolves when the items that a `next` waits for are here. */
  #receiving: Promise<void> | null = null;

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

  async next(): Promise<IteratorResult<unknown, undefined>> {
    while (this.#at === this.#items.length) {
      if (this.#aborted !== null) throw this.#aborted.reason;
      if (this.#isDone) {
        this.#session.aborting.remove(this);
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

  /** Ends the stream, because the signal of its call has aborted. */
  abort(reason: unknown): void {
    this.#aborted = { reason };
    // An error in the producer's `finally` is thrown by `return`.
    this.#leave({ error: reason }).catch(() => {});
  }

  /** The call that passed it has ended: its reader has an error, if it goes on. */
  expire(): void {
    const isRead = this.#isDone && this.#at === this.#items.length;
    if (!isRead) this.abort(callEnded());
  }

  /**
   * The connection has ended. Items that are here can still be consumed; after
   * them, `next` rejects.
   */
  lose(error: Error): void {
    this.#markEnded({ error });
  }

  /** Ends the producer, unless it has ended. Repeatable. */
  #leave(failure: { readonly error: unknown } | null = null): Promise<void> {
    this.#session.aborting.remove(this);
    this.#forgetItems();
    this.#session.channel.budget.release(this.#arrivedBytes);
    this.#arrivedBytes = 0;
    if (!this.#isDone) {
      this.#isDone = true;
      this.#left = this.#endProducer();
    }
    this.#markEnded(failure);
    return this.#left;
  }

  #forgetItems(): void {
    this.#items = [];
    this.#at = 0;
    this.#session.channel.budget.release(this.#itemsBytes);
    this.#itemsBytes = 0;
  }

  #ask(): Promise<StreamBatch> {
    const consumed = this.#consumed;
    const replyContext = this.#replyContext;
    const content = ["$/next", [this.#key, consumed], {}];
    const asked = this.#session.channel.calls.send(content, {
      // A deadline for calls does not apply to a stream without news.
      timeoutMs: Infinity,
      signal: replyContext.signal,
      onResult: (batch, bytes) => this.#arrive(batch, bytes, consumed),
      replyContext,
    }).catch(throwAsSent) as Promise<StreamBatch>;
    asked.catch((error) => this.#markEnded({ error }));
    return asked;
  }

  async #endProducer(): Promise<void> {
    try {
      await this.#session.channel.calls.send(["$/return", [this.#key], {}]);
    } catch (error) {
      // Without a connection the producer has ended, or will at once.
      if (!(error instanceof ConnectionClosedError)) throw error;
    }
  }

  #markEnded(failure: { readonly error: unknown } | null): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#session.incoming.delete(this);
    emit(() => ({ type: "ended", subject: this }));
    const { lease, watches } = this.#replyContext;
    const end = (failure: { readonly error: unknown } | null) => {
      lease?.end();
      for (const watch of watches ?? []) {
        watch.endStream(this.#received, failure);
      }
    };
    // The producer that was left may use what it was passed in its `finally`.
    this.#left.then(
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
  #arrive(batch: unknown, bytes: number, consumed: number): void {
    if (this.#isDone) return;
    const { channel: { budget }, options } = this.#session;
    const { streamWindow: window } = options;
    const { items, done } = checkBatch(batch);
    this.#received += items.length;
    if (done) {
      this.isCutShort = this.#session.closing.isDraining;
      this.#markEnded(null);
    }
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
      const { items, done } = await asked;
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

/** The method of a stream has run, whether or not more could be asked for. */
function throwAsSent(error: unknown): never {
  if (!(error instanceof ConnectionClosedError) || error.sent) throw error;
  const { message, by, code, cause } = error;
  throw new ConnectionClosedError(message, { by, code, sent: true, cause });
}

/** The other side may answer with anything. */
function checkBatch(batch: unknown): StreamBatch {
  const { items, done } = isRecord(batch) ? batch : {};
  if (Array.isArray(items) && typeof done === "boolean") return { items, done };
  throw new TypeError(
    "Cannot continue stream: the other side answered with no list of items",
  );
}
