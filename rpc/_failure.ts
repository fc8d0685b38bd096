import { printableLines } from "../transports/printable.ts";
import {
  RemoteError,
  SerializationError,
  ServerBusyError,
} from "../channel/errors.ts";
import {
  type Failure,
  parseFailure,
  readThrown,
  toRemoteError,
} from "../channel/message.ts";
import {
  AgentNotFoundError,
  AuthenticationError,
  DeadlockError,
  MethodNotFoundError,
  MissedItemsError,
  ReferenceReleasedError,
  ServiceError,
  UnsupportedByPeerError,
  type ValidatedPart,
  ValidationError,
} from "./errors.ts";
import { isRecord } from "./references/_call_content.ts";

/**
 * The errors that arrive as instances of their own class, and not as a
 * `RemoteError`, by name. The code distinguishes them from a user's error of
 * that name.
 */
const OWN_ERRORS = new Map<
  string,
  new (message: string) => Error & { readonly code: string }
>(
  Object.entries({
    MethodNotFoundError,
    MissedItemsError,
    DeadlockError,
    AgentNotFoundError,
    AuthenticationError,
    ValidationError,
    ReferenceReleasedError,
    ServerBusyError,
    UnsupportedByPeerError,
  }),
);

/** The first line of a Python traceback. */
const TRACEBACK = "Traceback (most recent call last)";

/**
 * Errors received from other sides. A method that rethrows such an error has
 * run, so its own caller must not mistake it for a call that was not delivered.
 */
const received = new WeakSet<Error>();

/** Options for {@linkcode toFailureRecord}. */
export interface FailureOptions {
  /** Whether to include the stack. */
  readonly stacks: boolean;
  /** Whether to include the cause, and the errors of an `AggregateError`. */
  readonly causes: boolean;
  /** Returns why a value cannot be sent, or `null` if it can. */
  refusalOf(value: unknown): string | null;
}

/**
 * Returns the content of a failure for a peer with extensions. Never throws.
 */
export function toFailureRecord(
  error: unknown,
  { stacks, causes, refusalOf }: FailureOptions,
): Readonly<Record<string, unknown>> {
  const thrown = asError(error);
  const { name, message } = readError(error);
  const record: Record<string, unknown> = { name, message };
  let lost = "";
  const add = (key: string) => {
    const value = property(thrown, key);
    if (value === undefined) return;
    const refusal = refusalOf(value);
    if (refusal === null) record[key] = value;
    else lost += ` (its '${key}' was not sent: ${refusal})`;
  };
  const code = codeOf(thrown);
  if (code !== undefined) record.code = code.toWellFormed();
  add("data");
  if (causes) {
    add("cause");
    add("errors");
  }
  const stack = stacks ? property(thrown, "stack") : undefined;
  if (typeof stack === "string") record.stack = stack.toWellFormed();
  return { ...record, message: message + lost };
}

/**
 * Returns an error whose name and message are the failure for a peer without
 * extensions. Never throws.
 */
export function toPlainFailure(error: unknown): Error {
  const { name, message } = readError(error);
  const own = OWN_ERRORS.get(name);
  // A peer would mistake a user's error with this name for one of this package.
  const isMistakable = own !== undefined &&
    (!isInstance(error, own) || received.has(error));
  const failure = new Error(isMistakable ? `${name}: ${message}` : message);
  failure.name = isMistakable ? "RemoteError" : name;
  return failure;
}

/**
 * Returns the error for the content of a failure, from a peer with or without
 * extensions.
 */
export function fromFailure(content: unknown, origin: string): Error {
  const failure = parseFailure(content);
  const own = OWN_ERRORS.get(failure.name);
  if (own !== undefined) {
    const error = new own(failure.message);
    const isOwn = typeof content === "string"
      ? !content.includes(TRACEBACK)
      : error.code === failure.code;
    if (isOwn) {
      return asReceived(
        error instanceof ValidationError
          ? withIssues(error, failure.data)
          : error,
      );
    }
  }
  const error = toRemoteError(failure, content, origin);
  if (isRecord(content)) {
    if (Object.hasOwn(content, "cause")) error.cause = content.cause;
    const { errors } = content;
    if (Array.isArray(errors)) Object.assign(error, { errors });
  }
  return error;
}

/** Returns `error` with the issues that the other side has sent. */
function withIssues(error: ValidationError, data: unknown): ValidationError {
  const { part, issues } = isRecord(data) ? data : {};
  if (!isPart(part) || !Array.isArray(issues)) return error;
  const read = issues.filter(isRecord).map(({ message, path }) => ({
    message: printableLines(String(message)),
    path: Array.isArray(path) ? path.filter(isKey) : [],
  }));
  return new ValidationError(error.message, { part, issues: read });
}

function isPart(part: unknown): part is ValidatedPart {
  return part === "argument" || part === "result" || part === "item" ||
    part === "error";
}

function isKey(key: unknown): key is string | number {
  return typeof key === "string" || typeof key === "number";
}

/**
 * Returns whether an error is meant for the caller, so that it is sent unmasked
 * even if other errors are masked.
 */
export function isTold(error: unknown): boolean {
  if (!isInstance(error, Error) || received.has(error)) return false;
  return isInstance(error, ServiceError) ||
    [...OWN_ERRORS.values()].some((type) => isInstance(error, type));
}

/**
 * Returns the error to send for `error` where errors are masked. If code of the
 * user threw while a value was encoded, the text of that is left out.
 */
export function withoutThrown(error: Error): Error {
  if (!isInstance(error, SerializationError)) return error;
  const { cause, path } = error;
  if (cause === undefined || isTold(cause)) return error;
  const text =
    "Cannot send the value: it could not be read or encoded, and its side has reported why";
  return new SerializationError(text, { path });
}

/**
 * Returns whether an error only says that `signal`, the signal of the failed
 * call itself, has aborted: it is the reason, or an `AbortError`.
 */
export function isAbort(
  error: unknown,
  signal: AbortSignal | undefined,
): boolean {
  return signal?.aborted === true &&
    (error === signal.reason || readError(error).name === "AbortError");
}

/** Returns the error for a caller that has cancelled its call. */
export function cancelled(): Error {
  return new DOMException("The caller has cancelled the call", "AbortError");
}

/**
 * Marks an error as received from another side, or as one of a call that this
 * side makes: it is not meant for the caller of the method that makes the call.
 */
export function asReceived<T extends Error>(error: T): T {
  received.add(error);
  return error;
}

/**
 * Marks a received error as one of this side, because this side only forwards
 * the call.
 */
export function passOn(error: unknown): unknown {
  if (isInstance(error, Error)) received.delete(error);
  return error;
}

function codeOf(error: Error | null): string | undefined {
  if (error === null || received.has(error)) return undefined;
  if (isInstance(error, DOMException)) {
    return error.name === "AbortError" ? "cancelled" : undefined;
  }
  const code = property(error, "code");
  return typeof code === "string" || typeof code === "number"
    ? String(code)
    : undefined;
}

function property(error: Error | null, name: string): unknown {
  try {
    return (error as unknown as Record<string, unknown> | null)?.[name];
  } catch {
    // A getter of the user has thrown: the failure is sent without this
    // property.
    return undefined;
  }
}

/** Reads the name and message of any thrown value. Never throws. */
function readError(error: unknown): Pick<Failure, "name" | "message"> {
  const { name, message } = readThrown(error);
  // A rethrown error keeps its name from the other side.
  const isRemote = isInstance(error, RemoteError);
  return { name: isRemote ? error.remoteName : name, message };
}

/**
 * Returns whether a thrown value is an instance of `type`. Never throws,
 * although user code may throw a `Proxy` whose prototype trap fails.
 */
export function isInstance<T>(
  thrown: unknown,
  type: abstract new (...args: never[]) => T,
): thrown is T {
  try {
    return thrown instanceof type;
  } catch {
    return false;
  }
}

/** Returns a thrown value if it is an error, else `null`. */
export function asError(thrown: unknown): Error | null {
  return isInstance(thrown, Error) ? thrown : null;
}
