import { TypeTable } from "../channel/codecs/types/type_table.ts";
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

/**
 * The errors that arrive as instances of their own class, and not as a
 * `RemoteError`. The code distinguishes them from a user's error of that name.
 */
const OWN_ERRORS: ReadonlyMap<string, {
  readonly type: new (message: string) => Error;
  readonly code: string;
}> = new Map([
  ["MethodNotFoundError", { type: MethodNotFoundError, code: "not_found" }],
  ["AgentNotFoundError", { type: AgentNotFoundError, code: "not_found" }],
  [
    "AuthenticationError",
    { type: AuthenticationError, code: "unauthenticated" },
  ],
  ["ValidationError", { type: ValidationError, code: "invalid_argument" }],
  [
    "ReferenceReleasedError",
    { type: ReferenceReleasedError, code: "released" },
  ],
  ["ServerBusyError", { type: ServerBusyError, code: "busy" }],
  [
    "UnsupportedByPeerError",
    { type: UnsupportedByPeerError, code: "unsupported" },
  ],
]);

/** The first line of a Python traceback. */
const TRACEBACK = "Traceback (most recent call last)";

/**
 * Errors that other sides have answered with. A method that rethrows one has
 * run, so its own caller must not take it for a call that was not delivered.
 */
const received = new WeakSet<Error>();

/** The content of a failure for a peer with extensions. */
export interface FailureRecord {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly data?: unknown;
  readonly stack?: string;
}

/** Returns the content of a failure for a peer with extensions. Never throws. */
export function toFailureRecord(
  error: unknown,
  withStack: boolean,
): FailureRecord {
  const { name, message } = readError(error);
  const thrown = asError(error);
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
  // A peer would take a user's error of such a name for one of this package.
  const isMistakable = OWN_ERRORS.has(name) &&
    ownOf(asError(error)) === undefined;
  const failure = new Error(isMistakable ? `${name}: ${message}` : message);
  failure.name = isMistakable ? "RemoteError" : name;
  return failure;
}

/** Returns the error for a failure's content, whoever wrote it. */
export function fromFailure(content: unknown, origin: string): Error {
  const { name, message, stack, code } = parseFailure(content);
  const own = OWN_ERRORS.get(name ?? "");
  const isOwn = typeof content === "string"
    ? !content.includes(TRACEBACK)
    : own?.code === code;
  if (own !== undefined && isOwn) return asReceived(new own.type(message));
  const hasData = typeof content === "object" && content !== null &&
    Object.hasOwn(content, "data");
  return new RemoteError(message, {
    remoteName: name,
    remoteStack: stack,
    origin,
    code,
    data: hasData ? (content as FailureRecord).data : undefined,
    content,
  });
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

/** Finds the entry for an error of this package that this side has made. */
function ownOf(error: Error | null) {
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

function property(error: Error | null, name: string): unknown {
  try {
    return (error as unknown as Record<string, unknown> | null)?.[name];
  } catch {
    // A getter of the user throws: the failure is sent without the property.
    return undefined;
  }
}

/** Reads name and message from the text of an error, which never throws. */
function readError(error: unknown): { name: string; message: string } {
  const text = failureText(error).trimEnd();
  const colon = text.indexOf(": ");
  const name = colon === -1 ? text.replace(/:$/, "") : text.slice(0, colon);
  const message = colon === -1 ? "" : text.slice(colon + 2);
  // A rethrown error keeps the name that it had on the other side.
  const thrown = asError(error);
  return isInstance(thrown, RemoteError)
    ? { name: thrown.remoteName, message }
    : { name, message };
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
