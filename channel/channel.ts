import type { CloseReason } from "./errors.ts";
import type { Request } from "./request.ts";

/** Options for {@linkcode Channel.send}. */
export interface SendOptions {
  /**
   * Gives the call up: it rejects with the signal's reason. A request whose
   * bytes have not left is taken out of the queue; the answer to any other is
   * dropped when it comes.
   */
  readonly signal?: AbortSignal | undefined;
  /**
   * How long to wait for the answer, in milliseconds; `Infinity` for ever.
   *
   * @default {the channel's `timeoutMs`, which is `Infinity`}
   */
  readonly timeoutMs?: number | undefined;
}

/** Options for {@linkcode Channel.close}. */
export interface CloseOptions {
  /**
   * How long, in milliseconds, requests that were received may still be
   * answered and what is queued be written; then the connection is cut. 0 cuts
   * it at once.
   *
   * @default {for a channel: no time for requests, a second for what is queued;
   * for a server: 1,000}
   */
  readonly graceMs?: number | undefined;
}

/** What passed through a channel since it was opened. It only grows. */
export interface ChannelCounts {
  /** Calls of this side, however they ended. */
  readonly calls: number;
  /** Those of them that were answered, and failed: refusals are among them. */
  readonly failedCalls: number;
  /** Those of them that were not answered in time. */
  readonly timedOutCalls: number;
  /** Those of them that were given up by their signal. */
  readonly abortedCalls: number;
  /** Those of them that ended with the connection. */
  readonly lostCalls: number;
  /** Requests of the other side that were taken. */
  readonly requests: number;
  /** Those of them that were answered with a failure. */
  readonly failedRequests: number;
  /** Those of them that were unanswered when the connection ended. */
  readonly lostRequests: number;
  /**
   * Requests of the other side that were refused: as over a limit, or because
   * the channel was closing.
   */
  readonly refusedRequests: number;
  /** Answers of this side that found the connection gone. */
  readonly droppedReplies: number;
  /** Answers of the other side to calls that had been given up, or to none. */
  readonly lateReplies: number;
  /** Frames received. */
  readonly framesIn: number;
  /** Frames queued to be sent. */
  readonly framesOut: number;
  /** Bytes received. */
  readonly bytesIn: number;
  /** Bytes handed to the system. */
  readonly bytesOut: number;
}

/** The sizes of a channel's tables now, and what passed through it. */
export interface ChannelStats extends ChannelCounts {
  /** Calls of this side that wait for an answer. */
  readonly pendingCalls: number;
  /** Those of them that wait for room in the queue to write. */
  readonly waitingCalls: number;
  /** Requests of the other side that are not answered yet. */
  readonly unansweredRequests: number;
  /**
   * The memory that the other side makes this one hold, in bytes: what counts
   * towards `limits.requests.maxHeldBytes`.
   */
  readonly heldBytes: number;
  /** Those of them that nobody has taken by `recv` yet. */
  readonly unreadRequests: number;
  /** Bytes queued to write. */
  readonly queuedBytes: number;
}

/**
 * A two-way channel of requests and replies over one connection. Both sides
 * send requests and answer those of the other.
 *
 * A channel owns its connection. It ends when either side closes it or the
 * connection is lost; then every pending call rejects with a
 * `ConnectionClosedError` of its own, every unanswered request's signal aborts,
 * and every table is empty. Made by `openConnection` and `startServer`.
 */
export interface Channel extends AsyncDisposable, AsyncIterable<Request> {
  /** The address of this end. */
  readonly localAddress: string;
  /** The address of the other end. */
  readonly remoteAddress: string;
  /**
   * The name in the certificate that the peer proved to have under TLS: the
   * common name of its subject; without one, its first alternative name if that
   * is a DNS name. `null` without such a name, or a certificate.
   */
  readonly peerName: string | null;
  /** Resolves when the channel has ended, to the reason. Never rejects. */
  readonly closed: Promise<CloseReason>;
  /**
   * Sends a request and resolves to the reply. `content` is encoded before
   * this returns; requests leave, and are received, in the order of the calls.
   * Never throws synchronously.
   *
   * @throws {SerializationError} If `content` cannot be sent, or the reply's
   * custom types cannot be revived.
   * @throws {FrameTooLargeError} If `content` is over the limit.
   * @throws {RemoteError} If the other side answered with a failure.
   * @throws {ServerBusyError} If the other side refused it; safe to repeat.
   * @throws {TimeoutError} If no answer came within `timeoutMs`.
   * @throws {ConnectionClosedError} If the connection is closed, or ends before
   * the answer.
   * @throws {QueueFullError} If too many calls are pending.
   * @throws {RangeError} If `timeoutMs` is negative or no number.
   */
  send(content: unknown, options?: SendOptions): Promise<unknown>;
  /**
   * Takes the next request. Requests that arrived before the other side closed
   * are still handed out after it.
   *
   * @throws {ConnectionClosedError} If there is none and none will come.
   * @throws {TypeError} If another `recv` or a loop is waiting.
   */
  recv(): Promise<Request>;
  /**
   * Iterates over requests. It ends when the channel does, and throws if that
   * was an error. Leaving the loop does not close the channel.
   *
   * @throws {TypeError} If another `recv` or a loop is reading.
   */
  [Symbol.asyncIterator](): AsyncIterator<Request, undefined>;
  /**
   * Resolves as soon as less is queued than `limits.queues.maxBytes`, which may be at
   * once: await it in a producer that does not await its calls.
   *
   * @throws {ConnectionClosedError} If the connection is closed, or ends first.
   */
  drained(): Promise<void>;
  /**
   * Closes the channel: refuses new requests and calls, writes what is queued,
   * and cuts the connection. Repeatable; a second call joins the first, and a
   * shorter `graceMs` shortens it. Never rejects.
   */
  close(options?: CloseOptions): Promise<void>;
  /** The sizes of its tables now, and what passed through it. */
  stats(): ChannelStats;
  /** Keeps the process alive while it is open, as it does at first. */
  ref(): void;
  /** Lets the process end although it is open. */
  unref(): void;
}
