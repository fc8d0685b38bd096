import { DenomasError } from "../transports/errors.ts";

/** Which side ended a connection: this one, the other, or an error. */
export type ClosedBy = "local" | "peer" | "error";

/** Why a channel or a server is closed. */
export interface CloseReason {
  /** Who ended it. */
  readonly by: ClosedBy;
  /** A few words for people and logs. */
  readonly reason: string;
  /** What went wrong, where something did. */
  readonly error?: unknown;
}

/** Thrown when a call or a `recv` ends because its connection did. */
export class ConnectionClosedError extends DenomasError {
  /** The name of the class. */
  override name = "ConnectionClosedError";
  /** Who ended the connection. */
  readonly by: ClosedBy;
  /** A few words on why, such as `"slow-peer"`. */
  readonly reason: string;
  /**
   * Whether the request may have run on the other side. `false`: no byte of
   * it left, so it is safe to send it again elsewhere.
   */
  readonly sent: boolean;

  /** Makes the error from the reason of the close. */
  constructor(message: string, reason: CloseReason, sent: boolean) {
    super(
      message,
      reason.error === undefined ? undefined : { cause: reason.error },
    );
    this.by = reason.by;
    this.reason = reason.reason;
    this.sent = sent;
  }
}

/** Thrown when a call was not answered in time. Its reply, if any, is dropped. */
export class TimeoutError extends DenomasError {
  /** The name of the class. */
  override name = "TimeoutError";
  /** The time that was allowed, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether the request may have run on the other side. */
  readonly sent: boolean;

  /** Makes the error for a call that was given `timeoutMs`. */
  constructor(message: string, timeoutMs: number, sent: boolean) {
    super(message);
    this.timeoutMs = timeoutMs;
    this.sent = sent;
  }
}

/** What a {@linkcode RemoteError} knows of the failure, beyond its message. */
export interface RemoteErrorDetails {
  /** Class name of the error on the other side, where it told one. */
  readonly remoteName?: string | undefined;
  /** Stack or traceback of the other side, where it told one. */
  readonly remoteStack?: string | undefined;
  /** Address of the side that failed. */
  readonly origin: string;
  /** A code such as `"busy"`, where the other side told one. */
  readonly code?: string | undefined;
  /** What else the error held for its reader, where the other side told it. */
  readonly data?: unknown;
  /** The content of the failure as it arrived. */
  readonly content: unknown;
}

/**
 * Thrown when the other side answered a request with a failure. The texts of
 * an error that arrived are escaped, so that they are safe in a terminal and a
 * log: a control character shows as `\u{1b}`, for example. Message and stack
 * keep their line breaks and tabs. `content` and `data` stay as they arrived.
 */
export class RemoteError extends DenomasError {
  /** The name of the class. */
  override name = "RemoteError";
  /** Class name of the error on the other side; `"Error"` if it told none. */
  readonly remoteName: string;
  /** Stack or traceback of the other side, where it told one. */
  readonly remoteStack?: string;
  /** Address of the side that failed. */
  readonly origin: string;
  /** A code such as `"busy"`, where the other side told one. */
  readonly code?: string;
  /**
   * The `data` of the error on the other side, where it had some that is plain
   * data: no instances, functions, bytes or `bigint`s.
   */
  readonly data?: unknown;
  /** The content of the failure as it arrived. */
  readonly content: unknown;

  /** Makes the error from what the other side told. */
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

/**
 * Thrown by `send` when too many calls are already pending on the channel, and
 * by a stream of which more has come than this side may hold.
 */
export class QueueFullError extends DenomasError {
  /** The name of the class. */
  override name = "QueueFullError";
  /** How many calls may be pending, or how many bytes may be held. */
  readonly limit: number;

  /** Makes the error for a channel that allows `limit` calls, or bytes. */
  constructor(message: string, limit: number) {
    super(message);
    this.limit = limit;
  }
}

/** Thrown when a value cannot be sent, or what arrived cannot be revived. */
export class SerializationError extends DenomasError {
  /** The name of the class. */
  override name = "SerializationError";
  /** Keys and indices that lead to the bad value, from the content's root. */
  readonly path: readonly (string | number)[];

  /** Makes the error for the value at `path`. */
  constructor(
    message: string,
    path: readonly (string | number)[],
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.path = path;
  }
}
