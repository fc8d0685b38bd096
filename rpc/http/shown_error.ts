import {
  RemoteError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import { isInstance } from "../_failure.ts";
import {
  AuthenticationError,
  MethodNotFoundError,
  ValidationError,
} from "../errors.ts";

/** The codes of errors that the service did not mean for its caller. */
const OWN_FAULTS = ["internal", "not_serializable"];

/** Returns the JSON form of an error for programs without denomas. */
export function shownError(error: unknown): Readonly<Record<string, unknown>> {
  const { name, message, code, data } = error as Partial<RemoteError>;
  const isRemote = isInstance(error, RemoteError);
  return {
    name: isRemote ? error.remoteName : name,
    message,
    ...(code !== undefined && { code }),
    ...(data !== undefined && { data }),
  };
}

/** Returns the HTTP status for an error. */
export function statusOf(error: unknown): number {
  if (isInstance(error, ValidationError)) {
    return error.part === "argument" ? 400 : 500;
  }
  if (isInstance(error, AuthenticationError)) return 401;
  if (isInstance(error, MethodNotFoundError)) return 404;
  if (isInstance(error, ServerBusyError)) return 503;
  if (isInstance(error, TimeoutError)) return 504;
  const { code } = error as Partial<RemoteError>;
  const isTold = isInstance(error, RemoteError) && code !== undefined &&
    !OWN_FAULTS.includes(code);
  return isTold ? 422 : 500;
}
