import { SerializationError, ServerBusyError } from "../../channel/errors.ts";
import type { IncomingRequest } from "../../channel/request.ts";
import { isEndless } from "../calls/_endless.ts";
import { emit } from "../_events.ts";
import { isInstance } from "../_failure.ts";
import { ReferenceReleasedError, UnsupportedByPeerError } from "../errors.ts";
import {
  holdBytes,
  MessageContext,
  type StreamOwner,
} from "../references/_message_context.ts";
import type { SessionContext } from "../_session_context.ts";
import {
  type ItemRequest,
  OutgoingStream,
  type SendBatch,
  type StreamBatch,
} from "./_outgoing_stream.ts";
import { PassingCall } from "./_passing_call.ts";

/** The prefix of the paths of streams. */
export const STREAM_PREFIX = "$/stream/";

/** The maximum number of open streams per connection. */
export const MAX_STREAMS = 65_536;

/** The approximate size of an open stream without its items, in bytes. */
const STREAM_BYTES = 1_024;

/** The number of fully read streams that are remembered. */
const MAX_READ = 256;

/** The answer to a request after the end: most consumers request ahead. */
const END: StreamBatch = { items: [], done: true };

/** Returns whether a value is sent as a stream. */
export function isStream(value: unknown): value is AsyncIterable<unknown> {
  try {
    return typeof value === "object" && value !== null &&
      Symbol.asyncIterator in value;
  } catch {
    // A `Proxy` of the user that throws is not a stream.
    return false;
  }
}

/** Streams that this side produces and the other side consumes. */
export class OutgoingStreams {
  readonly #session: SessionContext;
  readonly #streams = new Map<number, OutgoingStream>();
  /** Streams that never end on their own. */
  readonly #endless = new Set<OutgoingStream>();
  /**
   * The last streams that were fully read: their consumers may have requested
   * more.
   */
  readonly #read = new Set<number>();
  /**
   * The work of producers that were waiting for something when their streams
   * ended.
   */
  readonly #left = new Map<number, Promise<void>>();
  #nextKey = 0;

  /** Items that streams hold count towards the budget of the channel. */
  constructor(session: SessionContext) {
    this.#session = session;
  }

  /** The number of open streams. */
  get size(): number {
    return this.#streams.size;
  }

  /** Whether a graceful close must wait for the end of open streams. */
  get isServing(): boolean {
    return this.#streams.size > this.#endless.size;
  }

  /**
   * Passes `iterable` to the other side in the message of `context`, and
   * returns its path. No items are taken from it before the other side requests
   * them.
   *
   * @throws {UnsupportedByPeerError} If the other side has no extensions.
   * @throws {RangeError} If {@linkcode MAX_STREAMS} are open, or the budget is
   * exceeded.
   */
  add(
    iterable: AsyncIterable<unknown>,
    context: MessageContext | null = null,
  ): string {
    const { channel, hello, options } = this.#session;
    if (!hello.hasExtensions) {
      throw new UnsupportedByPeerError(
        "Cannot send a stream: the other side has no extensions, send lists",
      );
    }
    if (this.#streams.size >= MAX_STREAMS) {
      throw new RangeError(
        `${MAX_STREAMS} streams are open already; read them to their end, or leave them`,
      );
    }
    holdBytes(channel.budget, STREAM_BYTES);
    const key = this.#nextKey++;
    const owner = context?.owner ?? new PassingCall(this.#session);
    const onEnd = () => {
      channel.budget.release(STREAM_BYTES);
      this.#streams.delete(key);
      this.#endless.delete(stream);
      if (stream.isRead) this.#noteRead(key);
      emit(() => ({ type: "ended", subject: stream }));
      owner.endStream(stream);
      channel.finishIfIdle();
    };
    const onLeft = (work: Promise<void>) => {
      this.#left.set(key, work);
      work.then(() => this.#left.delete(key));
    };
    const { items: most } = options.streamWindow;
    const windows = { first: hello.window, most };
    const hooks = { onEnd, onLeft };
    const stream = new OutgoingStream(iterable, channel, windows, owner, hooks);
    this.#streams.set(key, stream);
    if (isEndless(iterable)) this.#endless.add(stream);
    owner.beginStream(stream);
    context?.add(stream);
    emit(() => ({
      type: "stream-opened",
      subject: stream,
      side: "produced",
      channel,
      call: owner.subject,
    }));
    if (this.#session.closing.signal.aborted) this.failEndless();
    return `${STREAM_PREFIX}${key}`;
  }

  /**
   * Sends more items of the stream `key` when there is room in the send queue.
   * Items that cannot be sent yet are kept for the next request. An item that
   * cannot be sent at all ends the stream, and the returned promise rejects.
   *
   * @throws {ReferenceReleasedError} Synchronously, if there is no such stream,
   * and it is not one of the last streams that were fully read.
   */
  next(key: number, asked: ItemRequest, send: SendBatch): Promise<void> {
    const stream = this.#streams.get(key);
    if (stream !== undefined) return stream.next(asked, send);
    if (this.#read.has(key)) {
      send(END, null);
      return Promise.resolve();
    }
    throw new ReferenceReleasedError(
      `Cannot continue stream ${key}: it has ended, ask for another`,
    );
  }

  #noteRead(key: number): void {
    this.#read.add(key);
    const [oldest] = this.#read;
    if (this.#read.size > MAX_READ) this.#read.delete(oldest!);
  }

  /**
   * Called when the other side leaves the stream `key`. Resolves to `true` if
   * the producer is still waiting for something. If the other side `waits`,
   * resolves to `null` once the producer has ended.
   */
  async return(key: number, waits = false): Promise<true | null> {
    await this.#streams.get(key)?.end();
    const work = this.#left.get(key);
    if (work !== undefined && !waits) return true;
    await work;
    return null;
  }

  /**
   * Ends the streams that never end on their own, because this side is closing
   * the connection.
   */
  failEndless(): void {
    for (const stream of this.#endless) {
      stream.fail(
        new ServerBusyError(
          "Cannot continue stream: its side is closing, ask for it over a new connection",
        ),
      );
    }
  }

  /** Ends all streams, because the connection is gone. */
  endAll(): void {
    for (const stream of [...this.#streams.values()]) stream.drop();
  }
}

/**
 * Answers `request` with `batch`, or with as many of its first items as can be
 * sent, and returns their number. References in the other items are taken back.
 *
 * @throws {Error} If not even the first item can be sent. Then the request is
 * not answered.
 */
export function sendBatch(
  request: IncomingRequest,
  batch: StreamBatch,
  owner: StreamOwner | null,
): number {
  const { items } = batch;
  const context = new MessageContext("owned", owner);
  try {
    request.tryReply(batch, context);
    return items.length;
  } catch (error) {
    const count = sendableItems(error, items.length);
    if (count === 0) {
      context.discard();
      throw error;
    }
    context.withdraw();
    const part = { items: items.slice(0, count), done: false };
    return sendBatch(request, part, owner);
  }
}

/** Returns how many of `count` items to try after `error`. */
function sendableItems(error: unknown, count: number): number {
  const [key, index] = isInstance(error, SerializationError) ? error.path : [];
  // Without a path, the items are too large together, and half of them may fit.
  return key === "items" && typeof index === "number" ? index : count >> 1;
}
