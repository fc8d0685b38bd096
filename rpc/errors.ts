import { RemoteError } from "../channel/errors.ts";
import { DenomasError } from "../transports/errors.ts";
import type { SchemaIssue } from "./service/schemas.ts";

/** Thrown when the other side exposes no method at the path of a call. */
export class MethodNotFoundError extends DenomasError {
  /** The name of the class. */
  override name = "MethodNotFoundError";
  /** The code that identifies the error to other sides. */
  readonly code = "not_found";
}

/**
 * Thrown when there is no agent at an address, or the agent has been closed.
 */
export class AgentNotFoundError extends DenomasError {
  /** The name of the class. */
  override name = "AgentNotFoundError";
  /** The code that identifies the error to other sides. */
  readonly code = "not_found";
}

/**
 * Thrown when a call would never run: the called agent waits for other agents,
 * which wait for the caller. The call has not run.
 */
export class DeadlockError extends DenomasError {
  /** The name of the class. */
  override name = "DeadlockError";
  /** The code that identifies the error to other sides. */
  readonly code = "deadlock";
}

/**
 * Thrown when the other side refuses this side. Throw it in your `authenticate`
 * to refuse a peer.
 */
export class AuthenticationError extends DenomasError {
  /** The name of the class. */
  override name = "AuthenticationError";
  /** The code that identifies the error to other sides. */
  readonly code = "unauthenticated";
}

/** The kind of a value that does not fit its schema. */
export type ValidatedPart = "argument" | "result" | "item" | "error";

/**
 * Thrown when an argument, a result, an item or the data of an error does not
 * fit its schema.
 */
export class ValidationError
  extends DenomasError<Partial<Pick<ValidationError, "part" | "issues">>> {
  /** The name of the class. */
  override name = "ValidationError";
  /** The code that identifies the error to other sides. */
  readonly code = "invalid_argument";
  /**
   * The kind of the value that does not fit. `"argument"` means a mistake of
   * the caller.
   */
  declare readonly part?: ValidatedPart;
  /** The issues that the schema found, with the paths to the invalid values. */
  declare readonly issues?: readonly SchemaIssue[];

  /**
   * The {@linkcode part} and {@linkcode issues}, as they are sent to the
   * caller.
   */
  get data(): unknown {
    const { part, issues = [] } = this;
    return part && { part, issues };
  }
}

/** Thrown when a call uses a reference that has been released. */
export class ReferenceReleasedError extends DenomasError {
  /** The name of the class. */
  override name = "ReferenceReleasedError";
  /** The code that identifies the error to other sides. */
  readonly code = "released";
}

/**
 * Thrown when an operation needs denomas's extensions, which the peer lacks.
 */
export class UnsupportedByPeerError extends DenomasError {
  /** The name of the class. */
  override name = "UnsupportedByPeerError";
  /** The code that identifies the error to other sides. */
  readonly code = "unsupported";
}

/**
 * Thrown by a method to send an error to its caller, unmasked even if other
 * errors are masked.
 *
 * ```ts
 * import { isRemoteError, openConnection, service, ServiceError, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class SoldOutError extends ServiceError<{ left: number }> {
 *   declare readonly code: "sold_out";
 *
 *   constructor(left: number) {
 *     super(`Only ${left} are left`, { code: "sold_out", data: { left } });
 *   }
 * }
 * const shop = service({
 *   buy(count: number) {
 *     if (count > 3) throw new SoldOutError(3);
 *   },
 * });
 * await using server = await startServer("local://shop", shop);
 * await using client = await openConnection<typeof shop>(server.address);
 * try {
 *   await client.remote.buy(5);
 * } catch (error) {
 *   if (!isRemoteError<SoldOutError>(error, "sold_out")) throw error;
 *   assertEquals(error.data.left, 3);
 * }
 * ```
 *
 * @typeParam Data The type of `data`.
 */
export class ServiceError<Data = unknown>
  extends DenomasError<{ readonly code: string; readonly data?: Data }> {
  /** The name of the class. */
  override name = "ServiceError";
  /** The error code, for programs. */
  declare readonly code: string;
  /** Further data for the caller. */
  declare readonly data: Data;
}

/** Thrown to a subscriber of a topic when unread items have been dropped. */
export class MissedItemsError extends DenomasError {
  /** The name of the class. */
  override name = "MissedItemsError";
  /** The code that identifies the error to other sides. */
  readonly code = "missed_items";
}

/**
 * The key of a property whose type holds the errors that a method declares. It
 * exists only in types.
 */
export declare const declaredErrors: unique symbol;

/**
 * A method that declares its errors.
 *
 * @typeParam Errors The types of the errors' data, by code.
 */
export interface DeclaresErrors<Errors> {
  /** The types of the errors' data, by code. */
  readonly [declaredErrors]?: Errors;
}

/**
 * Returns whether `error` is a failure of a method on the other side with this
 * `code`, which must be one that the proxy's `method` declares. The data has
 * the output type of the error's schema, because the other side has checked it.
 *
 * ```ts
 * import { isRemoteError, method, openConnection, service, startServer } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 * import { z } from "npm:zod@4.6.7";
 *
 * const shop = service({
 *   buy: method({
 *     args: [z.number()],
 *     errors: { sold_out: z.object({ left: z.number() }) },
 *   }, (count, { errors }) => {
 *     if (count > 3) throw errors.sold_out("Only 3 are left", { left: 3 });
 *   }),
 * });
 * await using server = await startServer("local://declared", shop);
 * await using client = await openConnection<typeof shop>(server.address);
 * const { remote } = client;
 * try {
 *   await remote.buy(5);
 * } catch (error) {
 *   if (!isRemoteError(error, remote.buy, "sold_out")) throw error;
 *   assertEquals(error.data.left, 3);
 * }
 * ```
 */
export function isRemoteError<Errors extends object, Code extends keyof Errors>(
  error: unknown,
  method: DeclaresErrors<Errors>,
  code: Code,
): error is RemoteError & {
  readonly code: Code;
  readonly data: Errors[Code];
};
/**
 * Returns whether `error` is a failure of a method on the other side with this
 * `code`, and narrows its data to the type of the error that was thrown there.
 * The data is not checked.
 *
 * See {@linkcode ServiceError} for an example.
 *
 * @typeParam E The error that the method throws. If it belongs to the server,
 * import only its type.
 */
export function isRemoteError<E extends { readonly code: string }>(
  error: unknown,
  code: E["code"],
): error is RemoteError & Pick<E, keyof E & ("code" | "data")>;
export function isRemoteError(
  error: unknown,
  methodOrCode: unknown,
  code: unknown = methodOrCode,
): boolean {
  return error instanceof RemoteError && error.code === code;
}
