import type { Attributes } from "@opentelemetry/api";
import { RemoteError } from "../../channel/errors.ts";
import { MethodNotFoundError } from "../../rpc/errors.ts";
import { asError, toPlainFailure } from "../../rpc/internal.ts";
import { DenomasError } from "../../transports/errors.ts";
import { type Address, parseAddress } from "../../transports/address.ts";
import { cutText } from "../../transports/printable.ts";

/** What every span and measurement of a call tells. */
export const SYSTEM: Attributes = { "rpc.system.name": "denomas" };

/**
 * What stands for a method that does not exist, as anybody may ask for any, and
 * for an error whose class has no name.
 */
export const OTHER = "_OTHER";

/** The codes of `docs/protocol.md`. Any other was chosen by a method. */
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

/** How many UTF-16 units of a name or an address are told. */
const NAME_UNITS = 256;

/** The same for a message or a stack. */
const TEXT_UNITS = 4_096;

/** The names by which a platform tells why something was ended. */
const DOM_NAMES: ReadonlySet<string> = new Set(["AbortError", "TimeoutError"]);

/** Returns the method at `path`, with the ids of agents and callbacks left out. */
export function methodName(path: string): string {
  return path.replace(/^agents\/[^/]+\//, "agents/*/")
    .replace(/^\$\/ref\/[^/]+/, "$/ref/*");
}

/** A name of the other side's choice, cut to a length that a backend takes. */
export function shortName(name: unknown): string {
  return cut(name, NAME_UNITS);
}

/** Whole characters only: some backends refuse all else. */
function cut(text: unknown, maxUnits: number): string {
  return cutText(String(text), maxUnits).toWellFormed();
}

/** What a span tells of the method at `path`, which it calls `name`. */
export function methodAttributes(name: string, path: string): Attributes {
  return name === path
    ? { "rpc.method": name }
    : { "rpc.method": name, "rpc.method_original": shortName(path) };
}

/**
 * Returns a function that gives the attributes of an address, whose names begin
 * with `prefix`. Calls come in bursts from one address, and to parse it takes
 * long beside the rest: the last one is remembered.
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

/** A transport of the user's own may have addresses of any form. */
function knownAddress(text: string): Address | undefined {
  try {
    return parseAddress(text);
  } catch {
    return undefined;
  }
}

/**
 * The kind of a failure, for measurements: each is a series of its own, so the
 * other side has no say in it, and neither has a `name` that was set by hand.
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

/** What spans tell of a failure. */
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

/** A failed call as spans and metrics have it. */
export interface Failure {
  /** The kind, for measurements. */
  readonly kind: string;
  /** What spans tell of it. */
  readonly attributes: Attributes;
  /** The event in a span. */
  readonly exception: { name: string; message: string; stack?: string };
  readonly isUnknownMethod: boolean;
}

/** Describes what a call was rejected with. Never throws. */
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
