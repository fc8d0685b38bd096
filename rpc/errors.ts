import { RemoteError } from "../channel/errors.ts";
import { DenomasError } from "../transports/errors.ts";

/** Thrown when the other side exposes no method at the path of a call. */
export class MethodNotFoundError extends DenomasError {
  /** The name of the class. */
  override name = "MethodNotFoundError";
  /** The code that tells other sides which error it is. */
  readonly code = "not_found";
}

/** Thrown when there is no agent at an address, or it has been closed. */
export class AgentNotFoundError extends DenomasError {
  /** The name of the class. */
  override name = "AgentNotFoundError";
  /** The code that tells other sides which error it is. */
  readonly code = "not_found";
}

/**
 * Thrown when the other side does not admit this one. Throw it in your
 * `authenticate` to refuse a peer.
 */
export class AuthenticationError extends DenomasError {
  /** The name of the class. */
  override name = "AuthenticationError";
  /** The code that tells other sides which error it is. */
  readonly code = "unauthenticated";
}

/** Thrown when an argument or a result does not fit its schema. */
export class ValidationError extends DenomasError {
  /** The name of the class. */
  override name = "ValidationError";
  /** The code that tells other sides which error it is. */
  readonly code = "invalid_argument";
}

/** Thrown when a call uses a reference that has been released. */
export class ReferenceReleasedError extends DenomasError {
  /** The name of the class. */
  override name = "ReferenceReleasedError";
  /** The code that tells other sides which error it is. */
  readonly code = "released";
}

/** Thrown when an operation needs denomas's extensions, which the peer lacks. */
export class UnsupportedByPeerError extends DenomasError {
  /** The name of the class. */
  override name = "UnsupportedByPeerError";
  /** The code that tells other sides which error it is. */
  readonly code = "unsupported";
}

/** Thrown to a subscriber of a topic when items that it has not read are gone. */
export class MissedItemsError extends DenomasError {
  /** The name of the class. */
  override name = "MissedItemsError";
  /** The code of the `RemoteError` that it becomes on the other side. */
  readonly code = "missed_items";
}

/**
 * Returns whether `error` is the failure of a method on the other side, with
 * this `code`, and gives its data the type of the error that was thrown there.
 * Nothing checks the data.
 *
 * ```ts
 * import { isRemoteError, openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class JobFailed extends Error {
 *   readonly code = "job_failed";
 *   readonly data = { attempts: 3 };
 * }
 * const jobs = service({
 *   run() {
 *     throw new JobFailed("It never works");
 *   },
 * });
 * await using server = await startServer("local://failing-jobs", jobs);
 * await using client = await openConnection<typeof jobs>(server.address);
 * try {
 *   await client.remote.run();
 * } catch (error) {
 *   if (!isRemoteError<JobFailed>(error, "job_failed")) throw error;
 *   assertEquals(error.data.attempts, 3);
 * }
 * ```
 *
 * @typeParam E The error that the method throws. Import its type only, if it
 * belongs to the server.
 */
export function isRemoteError<E extends { readonly code: string }>(
  error: unknown,
  code: E["code"],
): error is RemoteError & Pick<E, keyof E & ("code" | "data")> {
  return error instanceof RemoteError && error.code === code;
}
