import { ProtocolError } from "../errors.ts";
import { printable } from "../printable.ts";
import type { ByteStream } from "../transport.ts";

/** The longest head of a request or a response, in bytes. */
const MAX_HEAD_BYTES = 16 * 1_024;

/** The first line and the headers of an HTTP message (RFC 9112). */
export interface HttpHead {
  readonly line: string;
  readonly headers: Headers;
  /** The bytes after the head. */
  readonly rest: Uint8Array;
}

/**
 * Reads the head of an HTTP message.
 *
 * @throws {ProtocolError} If it is not such a head, or is too long.
 */
export async function readHead(stream: ByteStream): Promise<HttpHead> {
  const buffer = new Uint8Array(MAX_HEAD_BYTES);
  let held = 0;
  for (;;) {
    const read = await stream.read(buffer.subarray(held));
    if (read === null) refuse("it ended within the head");
    const from = Math.max(0, held - 3);
    held += read;
    const end = endOfHead(buffer.subarray(0, held), from);
    if (end !== null) {
      const head = parseHead(latin1(buffer.subarray(0, end - 4)));
      return { ...head, rest: buffer.slice(end, held) };
    }
    if (held === MAX_HEAD_BYTES) refuse(`over ${MAX_HEAD_BYTES} bytes`);
  }
}

/** Returns the offset after the empty line, or `null`. */
function endOfHead(bytes: Uint8Array, from: number): number | null {
  for (let at = from; at + 3 < bytes.length; at++) {
    if (
      bytes[at] === 13 && bytes[at + 1] === 10 && bytes[at + 2] === 13 &&
      bytes[at + 3] === 10
    ) return at + 4;
  }
  return null;
}

/** Reads bytes as ISO 8859-1. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

function parseHead(text: string): { line: string; headers: Headers } {
  const [line = "", ...fields] = text.split("\r\n");
  const headers = new Headers();
  for (const field of fields) {
    const at = field.indexOf(":");
    try {
      headers.append(field.slice(0, at), field.slice(at + 1).trim());
    } catch {
      refuse(`'${printable(field)}' is no header`);
    }
  }
  return { line, headers };
}

function refuse(why: string): never {
  throw new ProtocolError(`Cannot read HTTP: ${why}`);
}

/** Writes all of `text`, which must be ISO 8859-1. */
export async function writeText(
  stream: ByteStream,
  text: string,
): Promise<void> {
  let rest = Uint8Array.from(text, (char) => char.charCodeAt(0));
  while (rest.length > 0) rest = rest.subarray(await stream.write(rest));
}
