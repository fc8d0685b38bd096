import {
  RemoteError,
  SerializationError,
  ServerBusyError,
} from "../channel/errors.ts";
import { failureText, parseFailure } from "../channel/message.ts";
import {
  AgentNotFoundError,
  AuthenticationError,
  MethodNotFoundError,
  ReferenceReleasedError,
  UnsupportedByPeerError,
  ValidationError,
} from "./errors.ts";

/** An error that arrives as what it was, and not as a `RemoteError`. */
interface OwnError {
  readonly type: new (message: string) => Error;
  /** What tells it from a user's error of the same name. */
  readonly code: string;
}

const OWN_ERRORS: ReadonlyMap<string, OwnError> = new Map<string, OwnError>([
  ["MethodNotFoundError", { type: MethodNotFoundError, code: "not_found" }],
  ["AgentNotFoundError", { type: AgentNotFoundError, code: "not_found" }],
  ["AuthenticationError", {
    type: AuthenticationError,
    code: "unauthenticated",
  }],
  ["ValidationError", { type: ValidationError, code: "invalid_argument" }],
  ["ReferenceReleasedError", {
    type: ReferenceReleasedError,
    code: "released",
  }],
  ["ServerBusyError", { type: ServerBusyError, code: "busy" }],
  ["UnsupportedByPeerError", {
    type: UnsupportedByPeerError,
    code: "unsupported",
  }],
]);

/** What a Python traceback begins with. */
const TRACEBACK = "Traceback (most recent call last)";

/**
 * Errors that tell of a call of this side. A method that lets one through has
 * run: its own caller must not take it for a call that was never delivered.
 */
const received = new WeakSet<Error>();

/** What a failure tells to a peer with extensions. */
export interface FailureRecord {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly data?: unknown;
  readonly stack?: string;
}

/** The content of a failure for a peer with extensions. Never throws. */
export function toFailureRecord(
  error: unknown,
  withStack: boolean,
): FailureRecord {
  const { name, message } = readError(error);
  const thrown = asError(error);
  const code = codeOf(thrown);
  const data = dataOf(thrown);
  const stack = withStack ? property(thrown, "stack") : undefined;
  return {
    name,
    message,
    ...(code !== undefined && { code: code.toWellFormed() }),
    ...(data !== undefined && { data }),
    ...(typeof stack === "string" && { stack: stack.toWellFormed() }),
  };
}

/** The same for a peer without: an error whose text is sent. Never throws. */
export function toPlainFailure(error: unknown): Error {
  const { name, message } = readError(error);
  // By name alone it would be taken for one of ours.
  const isMistakable = OWN_ERRORS.has(name) &&
    ownOf(asError(error)) === undefined;
  const told = new Error(isMistakable ? `${name}: ${message}` : message);
  told.name = isMistakable ? "RemoteError" : name;
  return told;
}

/** Makes an error of a failure's content, whoever wrote it. */
export function fromFailure(content: unknown, origin: string): Error {
  const { name, message, stack, code } = parseFailure(content);
  const own = OWN_ERRORS.get(name ?? "");
  const isOwn = typeof content === "string"
    ? !content.includes(TRACEBACK)
    : own?.code === code;
  if (own !== undefined && isOwn) {
    return asReceived(new own.type(message));
  }
  return new RemoteError(message, {
    remoteName: name,
    remoteStack: stack,
    origin,
    code,
    data: dataIn(content),
    content,
  });
}

/** Makes an error tell of a call of this side, as those that were received. */
export function asReceived<T extends Error>(error: T): T {
  received.add(error);
  return error;
}

/**
 * Makes an error that was received pass for one of this side, where a call was
 * only forwarded.
 */
export function passOn(error: unknown): unknown {
  if (isInstance(error, Error)) received.delete(error);
  return error;
}

/** Which of ours an error is, if it was made here. */
function ownOf(error: Error | null): OwnError | undefined {
  if (error === null || received.has(error)) return undefined;
  return [...OWN_ERRORS.values()].find(({ type }) => isInstance(error, type));
}

function codeOf(error: Error | null): string | undefined {
  const own = ownOf(error);
  if (own !== undefined) return own.code;
  if (isInstance(error, SerializationError)) return "not_serializable";
  if (isInstance(error, DOMException) && error.name === "AbortError") {
    return "cancelled";
  }
  const code = property(error, "code");
  return typeof code === "string" ? code : undefined;
}

/** The `data` of an error, if it can be sent. */
function dataOf(error: Error | null): unknown {
  const data = property(error, "data");
  try {
    return isPlainData(data) ? data : undefined;
  } catch {
    // A getter in it throws: the failure is sent without it.
    return undefined;
  }
}

/** The `data` that a failure brought. */
function dataIn(content: unknown): unknown {
  return typeof content === "object" && content !== null &&
      Object.hasOwn(content, "data")
    ? (content as { data: unknown }).data
    : undefined;
}

function property(error: Error | null, name: string): unknown {
  if (error === null) return undefined;
  try {
    return (error as unknown as Record<string, unknown>)[name];
  } catch {
    // A getter that throws tells nothing; the failure is sent without it.
    return undefined;
  }
}

/** Name and message in the form that text has, which never throws. */
function readError(error: unknown): { name: string; message: string } {
  const text = failureText(error).trimEnd();
  const colon = text.indexOf(": ");
  const name = colon === -1 ? text.replace(/:$/, "") : text.slice(0, colon);
  const message = colon === -1 ? "" : text.slice(colon + 2);
  // An error that was let through keeps the name that it had over there.
  const thrown = asError(error);
  return isInstance(thrown, RemoteError)
    ? { name: thrown.remoteName, message }
    : { name, message };
}

/**
 * Whether what was thrown is an error of that class. User code may throw a
 * `Proxy` that fails when it is asked for its prototype.
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

/** What was thrown, if it is an error. */
export function asError(thrown: unknown): Error | null {
  return isInstance(thrown, Error) ? thrown : null;
}

/** How deep plain data may be nested. */
const MAX_DEPTH = 32;

/**
 * Whether every codec can carry `value` without a serializer. Data that comes
 * along with an error must not stand in the way of the error itself.
 */
export function isPlainData(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case "string":
      return value.isWellFormed();
    case "number":
      return Number.isFinite(value);
    case "boolean":
    case "undefined":
      return true;
    case "object":
      return value === null || depth < MAX_DEPTH && isPlainObject(value, depth);
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value) && prototype === Array.prototype) {
    return value.every((item) => isPlainData(item, depth + 1));
  }
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.entries(value).every(([key, item]) =>
    key !== "__type__" && key.isWellFormed() && isPlainData(item, depth + 1)
  );
}
