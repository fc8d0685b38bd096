import {
  RemoteError,
  SerializationError,
  ServerBusyError,
} from "../channel/errors.ts";
import { failureText, parseFailure } from "../channel/message.ts";
import {
  MethodNotFoundError,
  ReferenceReleasedError,
  UnsupportedByPeerError,
  ValidationError,
} from "./errors.ts";

/** Codes of our own errors on the wire, which other languages can tell apart. */
const CODES: readonly [string, new (message: string) => Error][] = [
  ["not_found", MethodNotFoundError],
  ["invalid_argument", ValidationError],
  ["released", ReferenceReleasedError],
  ["busy", ServerBusyError],
];

/** Failures that are told by name alone, from a peer that has no codes. */
const BY_NAME: ReadonlyMap<string, new (message: string) => Error> = new Map<
  string,
  new (message: string) => Error
>([
  ["MethodNotFoundError", MethodNotFoundError],
  ["ValidationError", ValidationError],
  ["ReferenceReleasedError", ReferenceReleasedError],
  ["ServerBusyError", ServerBusyError],
  ["UnsupportedByPeerError", UnsupportedByPeerError],
]);

/** What a failure tells to a peer with extensions. */
export interface FailureRecord {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly data?: unknown;
  readonly stack?: string;
}

/** The content of a failure for a peer with extensions. */
export function toFailureRecord(
  error: unknown,
  withStack: boolean,
): FailureRecord {
  const { name, message } = readError(error);
  const code = codeOf(error);
  const data = dataOf(error);
  const stack = withStack && error instanceof Error ? error.stack : undefined;
  return {
    name,
    message,
    ...(code !== undefined && { code }),
    ...(data !== undefined && { data }),
    ...(stack !== undefined && { stack }),
  };
}

/** Makes an error of a failure's content, whoever wrote it. */
export function fromFailure(content: unknown, origin: string): Error {
  const { name, message, stack, code } = parseFailure(content);
  const known = CODES.find(([known]) => known === code)?.[1] ??
    BY_NAME.get(name ?? "");
  if (known !== undefined) return new known(message);
  return new RemoteError(message, {
    remoteName: name,
    remoteStack: stack,
    origin,
    code,
    content,
  });
}

function codeOf(error: unknown): string | undefined {
  const own = CODES.find(([_code, type]) => error instanceof type)?.[0];
  if (own !== undefined) return own;
  if (error instanceof SerializationError) return "not_serializable";
  if (error instanceof DOMException && error.name === "AbortError") {
    return "cancelled";
  }
  const code = property(error, "code");
  return typeof code === "string" ? code : undefined;
}

/** The `data` of an error, which its class may define. */
function dataOf(error: unknown): unknown {
  return property(error, "data");
}

function property(error: unknown, name: string): unknown {
  if (!(error instanceof Error)) return undefined;
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
  return colon === -1
    ? { name: text.replace(/:$/, ""), message: "" }
    : { name: text.slice(0, colon), message: text.slice(colon + 2) };
}
