import { DenomasError } from "../transports/errors.ts";

/** The side that ended a connection: this side, the other side, or an error. */
export type ClosedBy = "local" | "peer" | "error";

/** The reason why a channel or a server is closed. */
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
  /** The error that caused it, if there is one. */
  readonly error?: unknown;
}

/** Thrown when a call or a `recv` ends because its connection ended. */
export class ConnectionClosedError
  extends DenomasError<Pick<ConnectionClosedError, "by" | "code" | "sent">> {
  /** The name of the class. */
  override name = "ConnectionClosedError";
  /** The side that ended the connection. */
  declare readonly by: ClosedBy;
  /** The code of the {@linkcode CloseReason}, such as `"slow-peer"`. */
  declare readonly code: string;
  /** Whether the request may have run on the other side. */
  declare readonly sent: boolean;
}

/** Thrown when a call was not answered in time. A later reply is dropped. */
export class TimeoutError
  extends DenomasError<Pick<TimeoutError, "timeoutMs" | "sent">> {
  /** The name of the class. */
  override name = "TimeoutError";
  /** The allowed time, in milliseconds. */
  declare readonly timeoutMs: number;
  /** Whether the request may have run on the other side. */
  declare readonly sent: boolean;
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
 * escaped so that they are safe in terminals and logs: for example, a control
 * character shows as `\u{1b}`. Message and stack keep their line breaks and
 * tabs. `content` and `data` stay as they arrived.
 */
export class RemoteError extends DenomasError<RemoteErrorDetails> {
  /** The name of the class. */
  override name = "RemoteError";
  /** The class name of the error on the other side; `"Error"` without one. */
  declare readonly remoteName: string;
  /** The stack or traceback of the other side, if it sent one. */
  declare readonly remoteStack?: string;
  /** The address of the side that failed. */
  declare readonly origin: string;
  /** A code such as `"busy"`, if the other side sent one. */
  declare readonly code?: string;
  /**
   * The `data` of the error on the other side, if it was plain data: no
   * instances, functions, bytes or `bigint`s.
   */
  declare readonly data?: unknown;
  /** The content of the failure as it arrived. */
  declare readonly content: unknown;

  /** Creates an error with the given message and data. */
  constructor(message: string, details: RemoteErrorDetails) {
    const { remoteName = "Error" } = details;
    super(message, { ...details, remoteName });
  }
}

/**
 * Thrown when the other side, or its server, has too many unanswered requests,
 * or is closing. The request was not delivered: it is safe to repeat.
 */
export class ServerBusyError extends DenomasError {
  /** The name of the class. */
  override name = "ServerBusyError";
  /** The code that identifies this error to other sides. */
  readonly code = "busy";
}

/**
 * Thrown by `send` when too many calls are pending on the channel, and by a
 * stream that received more data than this side may hold.
 */
export class QueueFullError
  extends DenomasError<Pick<QueueFullError, "limit">> {
  /** The name of the class. */
  override name = "QueueFullError";
  /** The limit: the most pending calls, or the most held bytes. */
  declare readonly limit: number;
}

/** Thrown when a value cannot be sent, or received data cannot be revived. */
export class SerializationError
  extends DenomasError<Pick<SerializationError, "path">> {
  /** The name of the class. */
  override name = "SerializationError";
  /** The code that identifies this error to other sides. */
  readonly code = "not_serializable";
  /** Keys and indices from the root of the content to the bad value. */
  declare readonly path: readonly (string | number)[];
}

/**
 * Returns whether a call or a stream failed because the other side is
 * unavailable: the connection was lost or closed, or the other side is
 * overloaded or closing. Another attempt may succeed later, or over a new
 * connection. The failed call may have run, unless `sent` is `false` or the
 * error is a {@linkcode ServerBusyError}.
 *
 * ```ts
 * import { isUnavailable, openConnection, startServer } from "@denomas/denomas/channel";
 * import { assert } from "@std/assert";
 *
 * await using server = await startServer("local://away", async (channel) => {
 *   await channel.recv();
 *   await channel.close({ graceMs: 0 });
 * });
 * await using channel = await openConnection(server.address);
 * try {
 *   await channel.send("Are you there?");
 * } catch (error) {
 *   assert(isUnavailable(error));
 * }
 * ```
 */
export function isUnavailable(
  error: unknown,
): error is ConnectionClosedError | ServerBusyError {
  return error instanceof ConnectionClosedError ||
    error instanceof ServerBusyError;
}
