/**
 * The shape of a message, `[type, id, content]`, and the text of a failure.
 * Pure: no I/O and no timers.
 */
import { ProtocolError } from "../transports/errors.ts";

/** Type of a message that asks. */
export const REQUEST = 0;
/** Type of a message that answers. */
export const RESULT = 1;
/** Type of a message that answers with a failure. */
export const FAILURE = 2;

/** A checked message. */
export interface Message {
  readonly type: typeof REQUEST | typeof RESULT | typeof FAILURE;
  readonly id: number;
  readonly content: unknown;
}

/**
 * Checks that `decoded` is a message.
 *
 * @throws {ProtocolError} If not; it says why.
 */
export function parseMessage(decoded: unknown): Message {
  if (!Array.isArray(decoded) || decoded.length !== 3) {
    throw new ProtocolError(
      "Cannot read message: peer sent no list of type, id and content",
    );
  }
  const [type, id, content] = decoded;
  if (type !== REQUEST && type !== RESULT && type !== FAILURE) {
    throw new ProtocolError(
      `Cannot read message: its type is '${type}', not 0, 1 or 2`,
    );
  }
  if (!Number.isSafeInteger(id) || id < 0) {
    throw new ProtocolError(
      `Cannot read message: its id is '${id}', not an integer from 0`,
    );
  }
  return { type, id, content };
}

/** What a failure tells. */
export interface Failure {
  readonly name?: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
}

/** The text of a failure, ending `Name: message` as Python's tracebacks do. */
export function failureText(error: unknown): string {
  return error instanceof Error
    ? `${error.name}: ${error.message}\n`
    : `Error: ${error}\n`;
}

/** Reads the content of a failure, whoever wrote it. Never throws. */
export function parseFailure(content: unknown): Failure {
  const text = typeof content === "string" ? content.trimEnd() : "";
  const last = text.slice(text.lastIndexOf("\n") + 1);
  const match = /^([\w.]+): (.*)$/s.exec(last);
  return match ? { name: match[1]!, message: match[2]! } : { message: last };
}
