import type { CloseReason } from "./errors.ts";
import type { Request } from "./request.ts";

/** Options for {@linkcode Channel.send}. */
export interface SendOptions {
  /**
   * Aborts the call, which rejects with the signal's reason. A request that is
   * still queued is removed from the queue. Otherwise its reply is dropped.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * The longest wait for the reply, in milliseconds. `Infinity` waits forever.
   *
   * @default {the channel's `timeoutMs`, which is `Infinity`}
   */
  readonly timeoutMs?: number | undefined;
}

/** Options for {@linkcode Channel.close}. */
export interface CloseOptions {
  /**
   * The time for answering received requests and writing queued data, in
   * milliseconds. After it the connection is cut; 0 cuts it at once.
   *
   * @default {for a channel: no time for requests, a second for queued data; for
   * a server: 1,000}
   */
  readonly graceMs?: number | undefined;
}

/** Counts of what passed through a channel since it was opened. */
export interface ChannelCounts {
  /** Calls that this side made. */
  readonly calls: number;
  /** Calls that the other side answered with a failure or a refusal. */
  readonly failedCalls: number;
  /** Calls that timed out. */
  readonly timedOutCalls: number;
  /** Calls that were aborted by their signal. */
  readonly abortedCalls: number;
  /** Calls that were pending when the connection ended. */
  readonly lostCalls: number;
  /** Requests of the other side that were accepted. */
  readonly requests: number;
  /** Accepted requests that were answered with a failure. */
  readonly failedRequests: number;
  /** Accepted requests that were unanswered when the connection ended. */
  readonly lostRequests: number;
  /**
   * Requests of the other side that were refused because of a limit or because
   * the channel was closing.
   */
  readonly refusedRequests: number;
  /** Replies of this side that were dropped because the connection had ended. */
  readonly droppedReplies: number;
  /** Replies of the other side that arrived when no call waited for them. */
  readonly lateReplies: number;
  /** Frames received. */
  readonly framesIn: number;
  /** Frames queued to be sent. */
  readonly framesOut: number;
  /** Bytes received. */
  readonly bytesIn: number;
  /** Bytes passed to the operating system. */
  readonly bytesOut: number;
}

/**
 * The current sizes of a channel's tables, and its counts since it was opened.
 */
export interface ChannelStats extends ChannelCounts {
  /** Calls of this side that wait for a reply. */
  readonly pendingCalls: number;
  /** Pending calls that wait for room in the send queue. */
  readonly waitingCalls: number;
  /** Requests of the other side without an answer. */
  readonly unansweredRequests: number;
  /**
   * The memory that the other side makes this side hold, in bytes. Limited by
   * `limits.requests.maxHeldBytes`.
   */
  readonly heldBytes: number;
  /** Unanswered requests that wait for `recv` or iteration. */
  readonly unreadRequests: number;
  /** Bytes queued to write. */
  readonly queuedBytes: number;
}

/**
 * A two-way channel of requests and replies over one connection. Both sides
 * send requests and answer those of the other side.
 *
 * A channel owns its connection. It ends when either side closes it or the
 * connection is lost. Then every pending call rejects with its own
 * `ConnectionClosedError`, the signal of every unanswered request aborts, and
 * every table is empty. Created by `openConnection` and `startServer`.
 */
export interface Channel extends AsyncDisposable, AsyncIterable<Request> {
  /** The address of this end. */
  readonly localAddress: string;
  /** The address of the other end. */
  readonly remoteAddress: string;
  /**
   * The name in the TLS certificate of the peer: the common name of its subject
   * or, without one, its first alternative name if that is a DNS name. `null`
   * if there is no such name or no certificate.
   */
  readonly peerName: string | null;
  /** Resolves to the reason when the channel has ended. Never rejects. */
  readonly closed: Promise<CloseReason>;
  /**
   * Sends a request and resolves to the reply. `content` is encoded before
   * this returns. Requests arrive in the order of the calls. Never throws
   * synchronously.
   *
   * @throws {SerializationError} If `content` cannot be sent, or the reply's
   * custom types cannot be revived.
   * @throws {FrameTooLargeError} If `content` is over the limit.
   * @throws {RemoteError} If the other side answered with a failure.
   * @throws {ServerBusyError} If the other side refused the request, which is then
   * safe to repeat.
   * @throws {TimeoutError} If no reply came within `timeoutMs`.
   * @throws {ConnectionClosedError} If the connection is closed, or ends before
   * the reply.
   * @throws {QueueFullError} If too many calls are pending.
   * @throws {RangeError} If `timeoutMs` is negative or not a number.
   */
  send(content: unknown, options?: SendOptions): Promise<unknown>;
  /**
   * Resolves to the next request. Requests that arrived before the other side
   * closed can still be received afterwards.
   *
   * @throws {ConnectionClosedError} If the channel has ended and no request is
   * left.
   * @throws {TypeError} If another `recv` or a loop is waiting.
   */
  recv(): Promise<Request>;
  /**
   * Iterates over the requests. Iteration ends with the channel, and throws if
   * the channel ended with an error. Leaving the loop does not close the channel.
   *
   * @throws {TypeError} If another `recv` or a loop is reading.
   */
  [Symbol.asyncIterator](): AsyncIterator<Request, undefined>;
  /**
   * Resolves as soon as less than `limits.queues.maxBytes` is queued, which may
   * be at once. Await it in a producer that does not await its calls.
   *
   * @throws {ConnectionClosedError} If the connection is closed, or ends first.
   */
  drained(): Promise<void>;
  /**
   * Closes the channel: refuses new requests and calls, writes queued data, and
   * cuts the connection. Repeatable: another call joins the close in progress,
   * and can shorten its `graceMs`. Never rejects.
   */
  close(options?: CloseOptions): Promise<void>;
  /**
   * Returns the current table sizes, and the counts since the channel was
   * opened.
   */
  stats(): ChannelStats;
  /** Keeps the process alive while the channel is open, which is the default. */
  ref(): void;
  /** Lets the process end while the channel is open. */
  unref(): void;
}
