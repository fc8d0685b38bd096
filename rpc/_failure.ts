import { TypeTable } from "../channel/codecs/types/type_table.ts";
import { RemoteError, ServerBusyError } from "../channel/errors.ts";
import {
  type Failure,
  parseFailure,
  readThrown,
  toRemoteError,
} from "../channel/message.ts";
import {
  AgentNotFoundError,
  AuthenticationError,
  MethodNotFoundError,
  ReferenceReleasedError,
  UnsupportedByPeerError,
  ValidationError,
} from "./errors.ts";

/**
 * The errors that arrive as instances of their own class, and not as a
 * `RemoteError`, by name. The code distinguishes them from a user's error of
 * that name.
 */
const OWN_ERRORS = new Map<
  string,
  new (message: string) => Error & { readonly code: string }
>(
  [
    MethodNotFoundError,
    AgentNotFoundError,
    AuthenticationError,
    ValidationError,
    ReferenceReleasedError,
    ServerBusyError,
    UnsupportedByPeerError,
  ].map((type) => [new type("").name, type]),
);

/** The first line of a Python traceback. */
const TRACEBACK = "Traceback (most recent call last)";

/**
 * Errors that other sides have answered with. A method that rethrows one has
 * run, so its own caller must not take it for a call that was not delivered.
 */
const received = new WeakSet<Error>();

/** Returns the content of a failure for a peer with extensions. Never throws. */
export function toFailureRecord(
  error: unknown,
  withStack: boolean,
): Partial<Failure> {
  const thrown = asError(error);
  const { name, message } = readError(error);
  const code = codeOf(thrown);
  const data = property(thrown, "data");
  const stack = withStack ? property(thrown, "stack") : undefined;
  return {
    name,
    message,
    ...(code !== undefined && { code: code.toWellFormed() }),
    ...(data !== undefined && isPlainData(data) && { data }),
    ...(typeof stack === "string" && { stack: stack.toWellFormed() }),
  };
}

/**
 * Returns an error whose text is the failure for a peer without extensions.
 * Never throws.
 */
export function toPlainFailure(error: unknown): Error {
  const { name, message } = readError(error);
  const own = OWN_ERRORS.get(name);
  // A peer would take a user's error of such a name for one of this package.
  const isMistakable = own !== undefined &&
    (!isInstance(error, own) || received.has(error));
  const failure = new Error(isMistakable ? `${name}: ${message}` : message);
  failure.name = isMistakable ? "RemoteError" : name;
  return failure;
}

/** Returns the error for a failure's content, whoever wrote it. */
export function fromFailure(content: unknown, origin: string): Error {
  const failure = parseFailure(content);
  const own = OWN_ERRORS.get(failure.name);
  if (own !== undefined) {
    const error = new own(failure.message);
    const isOwn = typeof content === "string"
      ? !content.includes(TRACEBACK)
      : error.code === failure.code;
    if (isOwn) return asReceived(error);
  }
  return toRemoteError(failure, content, origin);
}

/** Marks an error as one that another side has answered with. */
export function asReceived<T extends Error>(error: T): T {
  received.add(error);
  return error;
}

/**
 * Marks a received error as one of this side, because this side has only
 * forwarded the call.
 */
export function passOn(error: unknown): unknown {
  if (isInstance(error, Error)) received.delete(error);
  return error;
}

function codeOf(error: Error | null): string | undefined {
  if (error === null || received.has(error)) return undefined;
  if (isInstance(error, DOMException) && error.name === "AbortError") {
    return "cancelled";
  }
  const code = property(error, "code");
  return typeof code === "string" ? code : undefined;
}

function property(error: Error | null, name: string): unknown {
  try {
    return (error as unknown as Record<string, unknown> | null)?.[name];
  } catch {
    // A getter of the user throws: the failure is sent without the property.
    return undefined;
  }
}

/** Reads name and message of anything that was thrown. Never throws. */
function readError(error: unknown): Pick<Failure, "name" | "message"> {
  const { name, message } = readThrown(error);
  // A rethrown error keeps the name that it had on the other side.
  const isRemote = isInstance(error, RemoteError);
  return { name: isRemote ? error.remoteName : name, message };
}

/**
 * Returns whether a thrown value is an instance of `type`. User code may throw
 * a `Proxy` that fails when it is asked for its prototype.
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

/** Packs what every codec carries, and refuses the rest. */
const EVERY_CODEC = new TypeTable([], {
  carries: {
    binary: false,
    bigint: false,
    nonFinite: false,
    loneSurrogates: false,
  },
  maxDepth: 32,
});

/**
 * Returns whether every codec can carry `value` without a serializer. Data of an
 * error must not prevent that the error itself is sent. Never throws.
 */
export function isPlainData(value: unknown): boolean {
  try {
    EVERY_CODEC.pack(value);
    return true;
  } catch {
    return false;
  }
}
