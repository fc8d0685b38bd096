import { causeOf, DenomasError } from "../transports/errors.ts";

/** The side that ended a connection: this one, the other, or an error. */
export type ClosedBy = "local" | "peer" | "error";

/** The reason for which a channel or a server is closed. */
export interface CloseReason {
  /** The side that ended it. */
  readonly by: ClosedBy;
  /**
   * A code that programs can act on, such as `"closed"`, `"lost"` or
   * `"slow-peer"`. The guide to channels lists all codes.
   */
  readonly code: string;
  /** A few words for people and logs. */
  readonly message: string;
  /** The error behind it, if there is one. */
  readonly error?: unknown;
}

/** The data of a {@linkcode ConnectionClosedError}. */
export interface ConnectionClosedErrorDetails extends ErrorOptions {
  /** The side that ended the connection. */
  readonly by: ClosedBy;
  /** The code of the {@linkcode CloseReason}. */
  readonly code: string;
  /** Whether the request may have run on the other side. */
  readonly sent: boolean;
}

/** Thrown when a call or a `recv` ends because its connection did. */
export class ConnectionClosedError extends DenomasError {
  /** The name of the class. */
  override name = "ConnectionClosedError";
  /** The side that ended the connection. */
  readonly by: ClosedBy;
  /** The code of the {@linkcode CloseReason}, such as `"slow-peer"`. */
  readonly code: string;
  /** Whether the request may have run on the other side. */
  readonly sent: boolean;

  /** Creates an error with the given message and data. */
  constructor(message: string, details: ConnectionClosedErrorDetails) {
    super(message, causeOf(details));
    this.by = details.by;
    this.code = details.code;
    this.sent = details.sent;
  }
}

/** The data of a {@linkcode TimeoutError}. */
export interface TimeoutErrorDetails extends ErrorOptions {
  /** The time that was allowed, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether the request may have run on the other side. */
  readonly sent: boolean;
}

/** Thrown when a call was not answered in time. Its reply, if any, is dropped. */
export class TimeoutError extends DenomasError {
  /** The name of the class. */
  override name = "TimeoutError";
  /** The time that was allowed, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether the request may have run on the other side. */
  readonly sent: boolean;

  /** Creates an error with the given message and data. */
  constructor(message: string, details: TimeoutErrorDetails) {
    super(message, causeOf(details));
    this.timeoutMs = details.timeoutMs;
    this.sent = details.sent;
  }
}

/** The data of a {@linkcode RemoteError}. */
export interface RemoteErrorDetails {
  /** The class name of the error on the other side, if it sent one. */
  readonly remoteName?: string | undefined;
  /** The stack or traceback of the other side, if it sent one. */
  readonly remoteStack?: string | undefined;
  /** The address of the side that failed. */
  readonly origin: string;
  /** A code such as `"busy"`, if the other side sent one. */
  readonly code?: string | undefined;
  /** The `data` of the error, if the other side sent it. */
  readonly data?: unknown;
  /** The content of the failure as it arrived. */
  readonly content: unknown;
}

/**
 * Thrown when the other side answered a request with a failure. Its texts are
 * escaped so that they are safe in terminals and logs: a control character
 * shows as `\u{1b}`, for example. Message and stack keep their line breaks and
 * tabs. `content` and `data` stay as they arrived.
 */
export class RemoteError extends DenomasError {
  /** The name of the class. */
  override name = "RemoteError";
  /** The class name of the error on the other side; `"Error"` without one. */
  readonly remoteName: string;
  /** The stack or traceback of the other side, if it sent one. */
  readonly remoteStack?: string;
  /** The address of the side that failed. */
  readonly origin: string;
  /** A code such as `"busy"`, if the other side sent one. */
  readonly code?: string;
  /**
   * The `data` of the error on the other side, if it was plain data: no
   * instances, functions, bytes or `bigint`s.
   */
  readonly data?: unknown;
  /** The content of the failure as it arrived. */
  readonly content: unknown;

  /** Creates an error with the given message and data. */
  constructor(message: string, details: RemoteErrorDetails) {
    super(message);
    this.remoteName = details.remoteName ?? "Error";
    this.origin = details.origin;
    this.content = details.content;
    if (details.remoteStack !== undefined) {
      this.remoteStack = details.remoteStack;
    }
    if (details.code !== undefined) this.code = details.code;
    if (details.data !== undefined) this.data = details.data;
  }
}

/**
 * Thrown when the other side, or its server, has too many unanswered requests,
 * or is closing. The request was not delivered: it is safe to repeat.
 */
export class ServerBusyError extends DenomasError {
  /** The name of the class. */
  override name = "ServerBusyError";
}

/** The data of a {@linkcode QueueFullError}. */
export interface QueueFullErrorDetails extends ErrorOptions {
  /** The most calls that may be pending, or the most bytes that may be held. */
  readonly limit: number;
}

/**
 * Thrown by `send` when too many calls are pending on the channel, and by a
 * stream of which more has arrived than this side may hold.
 */
export class QueueFullError extends DenomasError {
  /** The name of the class. */
  override name = "QueueFullError";
  /** The most calls that may be pending, or the most bytes that may be held. */
  readonly limit: number;

  /** Creates an error with the given message and data. */
  constructor(message: string, details: QueueFullErrorDetails) {
    super(message, causeOf(details));
    this.limit = details.limit;
  }
}

/** Thrown when a value cannot be sent, or what arrived cannot be revived. */
export class SerializationError extends DenomasError {
  /** The name of the class. */
  override name = "SerializationError";
  /** Keys and indices that lead to the bad value, from the content's root. */
  readonly path: readonly (string | number)[];

  /** Creates an error with the given message and data. */
  constructor(message: string, details: SerializationErrorDetails) {
    super(message, causeOf(details));
    this.path = details.path;
  }
}

/** The data of a {@linkcode SerializationError}. */
export interface SerializationErrorDetails extends ErrorOptions {
  /** Keys and indices that lead to the bad value, from the content's root. */
  readonly path: readonly (string | number)[];
}
