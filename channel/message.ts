import { ProtocolError } from "../transports/errors.ts";
import { cutText, printable, printableLines } from "../transports/printable.ts";
import { RemoteError, ServerBusyError } from "./errors.ts";

/** The type of a request. */
export const REQUEST = 0;
/** The type of a reply with a result. */
export const RESULT = 1;
/** The type of a reply with a failure. */
export const FAILURE = 2;

/** The type of a reply. */
export type ReplyType = typeof RESULT | typeof FAILURE;

/** A message whose form has been checked. */
export interface Message {
  /** The type of the message. */
  readonly type: typeof REQUEST | ReplyType;
  /** The id of the request, or of the request that the reply answers. */
  readonly id: number;
  /** The content, which is not yet revived. */
  readonly content: unknown;
}

/**
 * Checks that a decoded value is a message, `[type, id, content]`.
 *
 * @throws {ProtocolError} If it is not.
 */
export function parseMessage(decoded: unknown): Message {
  if (!Array.isArray(decoded) || decoded.length !== 3) {
    const found = describeValue(decoded);
    throw unexpected(`it is ${found}`, "a list of type, id and content");
  }
  const [type, id, content] = decoded;
  if (type !== REQUEST && type !== RESULT && type !== FAILURE) {
    throw unexpected(`its type is ${describeValue(type)}`, "0, 1 or 2");
  }
  // MessagePack codecs read an integer of 64 bits as a bigint.
  const number = typeof id === "bigint" ? Number(id) : id;
  if (!Number.isSafeInteger(number) || number < 0) {
    throw unexpected(`its id is ${describeValue(id)}`, "an integer from 0");
  }
  return { type, id: number, content };
}

function unexpected(found: string, expected: string): ProtocolError {
  return new ProtocolError(
    `Cannot read a message: ${found}, expected ${expected}`,
  );
}

/** The longest text in a description. */
const SHOWN_UNITS = 40;

/** Describes a value in a few words on one line. Does not run its code. */
export function describeValue(value: unknown): string {
  switch (typeof value) {
    case "string": {
      const text = JSON.stringify(cutText(value, SHOWN_UNITS));
      return `the text ${printable(text, Infinity)}`;
    }
    case "object":
      if (value === null) return "null";
      return Array.isArray(value) ? `a list of ${value.length}` : "an object";
    case "function":
      return "a function";
    default:
      return `'${String(value)}'`;
  }
}

/** The parsed content of a failure. A missing text is empty. */
export interface Failure {
  /** The class name of the error, dotted as Python writes it. */
  readonly name: string;
  /** The message of the error, or a description of the content without one. */
  readonly message: string;
  /** The stack or traceback. */
  readonly stack: string;
  /** A code such as `"busy"`. */
  readonly code: string;
  /** The `data` of the error, if it was sent. */
  readonly data: unknown;
}

/**
 * Returns the name and the message of any thrown value. Every codec can encode
 * them: half of a surrogate pair becomes U+FFFD. Never throws.
 */
export function readThrown(
  thrown: unknown,
): Pick<Failure, "name" | "message"> {
  try {
    const { name, message } = thrown instanceof Error
      ? thrown
      : { name: "", message: thrown };
    return {
      name: String(name).trim().toWellFormed() || "Error",
      message: String(message).toWellFormed(),
    };
  } catch {
    // Its getters throw, or it has no text. The peer must be answered anyway.
    return { name: "Error", message: "the error cannot be read" };
  }
}

/** Returns `Name: message` for any thrown value. Never throws. */
export function describeThrown(thrown: unknown): string {
  return failureText(thrown).trimEnd();
}

/**
 * Returns the text of a failure without a stack: `Name: message` and a line
 * end, like the end of Python's tracebacks. Never throws.
 */
export function failureText(error: unknown): string {
  const { name, message } = readThrown(error);
  return `${name}: ${message}\n`;
}

/** The length of a failure that fits the smallest `limits.frames.maxBytes`. */
const SHORT_FAILURE_UNITS = 250;

/** Returns a short text on one line, for a failure that could not be sent. */
export function shortFailureText(error: unknown): string {
  const text = printable(describeThrown(error), SHORT_FAILURE_UNITS);
  return cutText(text, SHORT_FAILURE_UNITS);
}

/** The longest part of a failure's text that is read. */
const READ_UNITS = 65_536;

/**
 * Returns both ends of a text that is too long. An error's name is at the start
 * of the text or, below a traceback, at its end.
 */
function shorten(text: string): string {
  if (text.length <= READ_UNITS) return text;
  const half = READ_UNITS / 2;
  return `${text.slice(0, half)}\n…\n${text.slice(-half)}`.toWellFormed();
}

/**
 * Reads the content of a failure in each of its forms: a text that ends with
 * `Name: message`, with or without a traceback above; a list of name, message
 * and the lines of a traceback; a map of name, message, code and stack.
 * Describes any other content. Omits the middle of a text of more than 65,536
 * units, and escapes control characters. Never throws.
 */
export function parseFailure(content: unknown): Failure {
  if (typeof content === "string") return escaped(parseText(content));
  try {
    const failure = Array.isArray(content)
      ? parseList(content)
      : parseMap(content);
    return failure === null
      ? unnamed(`the failure is ${describeValue(content)}`)
      : escaped(failure);
  } catch {
    // A revived value may be a proxy whose traps throw.
    return unnamed("the failure cannot be read");
  }
}

function unnamed(message: string): Failure {
  return { name: "", message, stack: "", code: "", data: undefined };
}

/** Creates the error of a call from the content of a failure of `origin`. */
export function fromPlainFailure(content: unknown, origin: string): Error {
  const failure = parseFailure(content);
  return failure.name === "ServerBusyError"
    ? new ServerBusyError(failure.message)
    : toRemoteError(failure, content, origin);
}

/** Creates the error of a call from the parsed content of a failure. */
export function toRemoteError(
  { name, message, stack, code, data }: Failure,
  content: unknown,
  origin: string,
): RemoteError {
  return new RemoteError(message, {
    remoteName: name || undefined,
    remoteStack: stack || undefined,
    origin,
    code: code || undefined,
    data,
    content,
  });
}

/** Escapes the texts of a failure. Message and stack keep their lines. */
function escaped({ name, message, stack, code, data }: Failure): Failure {
  return {
    name: printable(name),
    message: printableLines(message),
    stack: printableLines(stack),
    code: printable(code),
    data,
  };
}

const TRACEBACK = "Traceback (most recent call last):";

/** Matches a line of a JavaScript stack. */
const STACK_LINE = /^\s+at /;

function parseText(content: string): Failure {
  const text = shorten(content).replaceAll("\r\n", "\n");
  const whole = text.trimEnd();
  const lines = whole.split("\n");
  const told = parseTraceback(lines) ?? parseBare(lines) ?? unnamed(whole);
  return lines.length > 1 ? { ...told, stack: text } : told;
}

/**
 * Reads the error below the last traceback, whose own lines are indented: a
 * class name, dotted or not, alone or before a message. The flag `s` makes `.`
 * match U+2028 and the like, which a message may hold.
 */
function parseTraceback(lines: readonly string[]): Failure | null {
  const header = lines.findLastIndex((line) => line.trim() === TRACEBACK);
  if (header === -1) return null;
  const error = lines.findIndex((line, at) => at > header && /^\S/.test(line));
  if (error === -1) return null;
  const named = /^([\p{L}_][\p{L}\p{N}_.<>]*)(?::(?: (.*))?)?$/su;
  return parseLines(named, lines.slice(error));
}

/**
 * Reads the error of a text without a traceback. A message must follow the
 * name.
 */
function parseBare(lines: readonly string[]): Failure | null {
  const stack = lines.findIndex((line) => STACK_LINE.test(line));
  const message = stack > 0 ? lines.slice(0, stack) : lines;
  const named = /^((?:[\p{L}\p{N}_<>]+\.)*\p{Lu}[\p{L}\p{N}_]*):(?: (.*))?$/su;
  return parseLines(named, message) ?? parseLines(named, message.slice(-1));
}

/** Reads `Name: message`, where the message may have several lines. */
function parseLines(
  pattern: RegExp,
  lines: readonly string[],
): Failure | null {
  const match = pattern.exec(lines[0] ?? "");
  if (match === null) return null;
  const [, name = "", first = ""] = match;
  return { ...unnamed([first, ...lines.slice(1)].join("\n")), name };
}

/** Reads the list `[name, message, ...lines of the traceback]` of mosaik. */
function parseList(list: readonly unknown[]): Failure | null {
  const [name, message] = list;
  if (typeof name !== "string" || typeof message !== "string") return null;
  let stack = "";
  for (let at = 2; at < list.length && stack.length < READ_UNITS; at++) {
    const line = list[at];
    if (typeof line !== "string") continue;
    stack += line.endsWith("\n") ? shorten(line) : `${shorten(line)}\n`;
  }
  return { ...unnamed(shorten(message)), name: shorten(name), stack };
}

/** Reads a map of name, message, code, stack and data. */
function parseMap(content: unknown): Failure | null {
  if (typeof content !== "object" || content === null) return null;
  const own = (key: string) =>
    Object.getOwnPropertyDescriptor(content, key)?.value;
  const ownText = (key: string) =>
    typeof own(key) === "string" ? shorten(own(key)) : "";
  const failure: Failure = {
    name: ownText("name"),
    message: ownText("message"),
    stack: ownText("stack"),
    code: ownText("code"),
    data: own("data"),
  };
  return failure.name === "" && failure.message === "" ? null : failure;
}
