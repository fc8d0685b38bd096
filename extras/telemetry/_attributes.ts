import type { Attributes } from "@opentelemetry/api";
import { RemoteError } from "../../channel/errors.ts";
import { MethodNotFoundError } from "../../rpc/errors.ts";
import { asError, toPlainFailure } from "../../rpc/internal.ts";
import { DenomasError } from "../../transports/errors.ts";
import { type Address, parseAddress } from "../../transports/address.ts";
import { cutText } from "../../transports/printable.ts";

/** The attributes of every span and measurement of a call. */
export const SYSTEM: Attributes = { "rpc.system.name": "denomas" };

/**
 * Replaces the name of a method that does not exist, because peers may request
 * any name, and the kind of an error whose class has no name.
 */
export const OTHER = "_OTHER";

/** The codes of `docs/protocol.md`. Any other code was chosen by a method. */
const CODES: ReadonlySet<string | undefined> = new Set([
  "not_found",
  "invalid_argument",
  "unauthenticated",
  "released",
  "busy",
  "not_serializable",
  "cancelled",
  "unsupported",
  "deadlock",
  "missed_items",
  "internal",
]);

/** The maximum length of a name or an address, in UTF-16 units. */
const NAME_UNITS = 256;

/** The maximum length of a message or a stack, in UTF-16 units. */
const TEXT_UNITS = 4_096;

/** The names of errors with which the platform ends operations. */
const DOM_NAMES: ReadonlySet<string> = new Set(["AbortError", "TimeoutError"]);

/**
 * Returns the name of the method at `path`, with `*` for the ids of agents and
 * callbacks.
 */
export function methodName(path: string): string {
  return path.replace(/^agents\/[^/]+\//, "agents/*/")
    .replace(/^\$\/ref\/[^/]+/, "$/ref/*");
}

/**
 * Returns a name that the other side chose, cut to a length that backends
 * accept.
 */
export function shortName(name: unknown): string {
  return cut(name, NAME_UNITS);
}

/** Cuts text, without splitting characters, which some backends refuse. */
function cut(text: unknown, maxUnits: number): string {
  return cutText(String(text), maxUnits).toWellFormed();
}

/**
 * Returns the span attributes of the method at `path`, which is named `name`.
 */
export function methodAttributes(name: string, path: string): Attributes {
  return name === path
    ? { "rpc.method": name }
    : { "rpc.method": name, "rpc.method_original": shortName(path) };
}

/**
 * Returns a function that returns the attributes of an address, with names that
 * begin with `prefix`. It caches the last address, because calls arrive in
 * bursts from one address, and parsing it takes comparatively long.
 */
export function addressTeller(prefix: string): (text: string) => Attributes {
  let last: string | null = null;
  let attributes: Attributes = {};
  return (text) => {
    if (text !== last) attributes = addressAttributes(prefix, text);
    last = text;
    return attributes;
  };
}

function addressAttributes(prefix: string, text: string): Attributes {
  const address = knownAddress(text);
  if (address?.scheme === "tcp" && "host" in address) {
    return {
      [`${prefix}.address`]: address.host,
      [`${prefix}.port`]: address.port,
      "network.transport": "tcp",
    };
  }
  if (address?.scheme === "ipc" && "path" in address) {
    return {
      [`${prefix}.address`]: address.path,
      "network.transport": "unix",
    };
  }
  const isMemory = address?.scheme === "local" && "name" in address;
  return { [`${prefix}.address`]: isMemory ? address.name : shortName(text) };
}

/**
 * Returns the parsed address; `undefined` if it has another form, as custom
 * transports may use.
 */
function knownAddress(text: string): Address | undefined {
  try {
    return parseAddress(text);
  } catch {
    return undefined;
  }
}

/**
 * Returns the kind of a failure, for measurements. Each kind is its own series,
 * so it depends neither on text from the other side nor on a `name` that was
 * set by hand.
 */
export function errorKind(error: Error): string {
  if (error instanceof RemoteError) {
    return CODES.has(error.code) ? error.code! : "RemoteError";
  }
  const isNamed = error instanceof DenomasError ||
    (error instanceof DOMException && DOM_NAMES.has(error.name));
  return isNamed ? error.name : className(error);
}

function className(error: Error): string {
  const { constructor } = Object.getPrototypeOf(error) ?? {};
  const isNamed = typeof constructor === "function" && constructor.name !== "";
  return isNamed ? constructor.name : OTHER;
}

/** Returns the span attributes of a failure. */
export function errorAttributes(error: Error): Attributes {
  if (error instanceof RemoteError) {
    return {
      "error.type": shortName(error.remoteName),
      ...error.code !== undefined && {
        "rpc.response.status_code": shortName(error.code),
      },
    };
  }
  return { "error.type": shortName(error.name) };
}

/** A failed call, as recorded in spans and metrics. */
export interface Failure {
  /** The kind, for measurements. */
  readonly kind: string;
  /** The attributes of the span. */
  readonly attributes: Attributes;
  /** The event in a span. */
  readonly exception: { name: string; message: string; stack?: string };
  readonly isUnknownMethod: boolean;
}

/** Describes the value that a call rejected with. Never throws. */
export function describeFailure(thrown: unknown): Failure {
  const plain = toPlainFailure(thrown);
  try {
    return describeError(asError(thrown) ?? plain);
  } catch {
    // A getter of the error throws.
    return { ...describeError(plain), kind: OTHER };
  }
}

function describeError(error: Error): Failure {
  const { name, message, stack } = error;
  return {
    kind: errorKind(error),
    attributes: errorAttributes(error),
    exception: {
      name: shortName(name),
      message: cut(message, TEXT_UNITS),
      ...stack !== undefined && { stack: cut(stack, TEXT_UNITS) },
    },
    isUnknownMethod: error instanceof MethodNotFoundError,
  };
}
