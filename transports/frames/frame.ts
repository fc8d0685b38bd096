/**
 * The bytes of frames: a big-endian `uint32` length, then that many bytes of
 * payload. Pure: no I/O and no timers.
 */
import { giveBuffer, takeBuffer } from "./_buffers.ts";
import { BurstText } from "./_burst_text.ts";
import { spareBuffers } from "./_spare_buffers.ts";
import { FrameTooLargeError, MismatchError, ProtocolError } from "../errors.ts";
import { printable } from "../printable.ts";

/** The length of a frame's header, in bytes. */
export const HEADER_BYTES = 4;

/** The read buffer of a connection that has received little so far. */
const FIRST_BUFFER_BYTES = 512;
/** The largest read buffer of an idle connection. */
const IDLE_BUFFER_BYTES = 4 * 1024;
/** The read buffer while more bytes arrive than an idle buffer holds. */
const BUSY_BUFFER_BYTES = 64 * 1024;
/** The factor by which a filled read buffer grows. */
const GROWTH = 4;
/** The first four bytes of an HTTP request. */
const HTTP_METHODS = /^(GET |PUT |POST|HEAD|DELE|PATC|OPTI|CONN|TRAC|PRI )/;

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();

const REFUSAL =
  "This server speaks denomas over plain connections, and neither HTTP nor TLS.\n";

/**
 * The answer to an HTTP request and to a TLS handshake. It shows a TLS client
 * that the server does not use TLS. The mere end of the connection could mean
 * anything.
 */
const FOREIGN_ANSWER: Uint8Array = encoder.encode(
  "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n" +
    `Content-Type: text/plain\r\nContent-Length: ${REFUSAL.length}\r\n\r\n${REFUSAL}`,
);

/**
 * Splits a stream of bytes into frames. Read into {@linkcode space}, report the
 * number of bytes to {@linkcode filled}, then call {@linkcode next} until it
 * returns `null`.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  #buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** The length of the last frame, including its header. */
  #lastBytes = 0;
  /** Created when needed: on many connections no frames arrive together. */
  #burst: BurstText | null = null;

  /** Creates a decoder that refuses payloads over `maxFrameBytes`. */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The number of bytes of an incomplete frame. */
  get heldBytes(): number {
    return this.#end - this.#start;
  }

  /**
   * Returns the space for the next read, which is never empty. To be called only
   * after `next` has returned `null`.
   */
  space(): Uint8Array {
    this.#burst?.forget();
    if (this.heldBytes === 0) this.#reset();
    else this.#makeRoom();
    return this.#buffer.subarray(this.#end);
  }

  /** Notes that `bytes` bytes were read into the last {@linkcode space}. */
  filled(bytes: number): void {
    this.#end += bytes;
  }

  /**
   * Returns the payload of the next complete frame, as a view that is valid
   * until the next call of `space`, or `null` if more bytes are needed.
   *
   * @throws {FrameTooLargeError} If the length in its header exceeds the limit.
   * @throws {ProtocolError} If it is empty, or the bytes are not a frame; a
   * `MismatchError` if the first bytes belong to another protocol.
   */
  next(): Uint8Array | null {
    const held = this.heldBytes;
    if (held < HEADER_BYTES) return null;
    const length = readUint32(this.#buffer, this.#start);
    this.#check(length);
    if (held < HEADER_BYTES + length) return null;
    const start = this.#start + HEADER_BYTES;
    this.#start = start + length;
    this.#lastBytes = HEADER_BYTES + length;
    return this.#buffer.subarray(start, this.#start);
  }

  /**
   * Returns the payload that `next` returned last as text, if it is ASCII and
   * arrived together with others, or `null`. To be called before `space`.
   */
  ascii(): string | null {
    const end = this.#start;
    if (this.#burst === null) {
      if (end === this.#end) return null;
      this.#burst = new BurstText();
    }
    const start = end - this.#lastBytes + HEADER_BYTES;
    return this.#burst.of(this.#buffer, start, end, this.#end);
  }

  /** Checks a length before any memory is allocated for it. */
  #check(length: number): void {
    if (length > 0 && length <= this.#maxFrameBytes) return;
    const seen = describeHeader(
      this.#buffer.subarray(this.#start, this.#start + HEADER_BYTES),
    );
    if (seen !== null) {
      const { text, answer } = seen;
      const message =
        `Cannot read frame: the peer sent ${text} where the length of a frame was expected`;
      // After the first frame, the peer does use the protocol and broke it.
      throw this.#lastBytes === 0
        ? new MismatchError(message, "protocol-mismatch", answer)
        : new ProtocolError(message);
    }
    if (length === 0) {
      throw new ProtocolError("Cannot read frame: the peer sent an empty one");
    }
    throw new FrameTooLargeError(
      `Cannot read frame: ${length} bytes are over the limit of ${this.#maxFrameBytes}, raise the limit for frames on this side`,
      { bytes: length, limitBytes: this.#maxFrameBytes },
    );
  }

  /** Keeps only a small buffer, since the connection may be idle now. */
  #reset(): void {
    const { length } = this.#buffer;
    // If a small buffer was filled or too short, a busy peer would need several
    // reads of that size for a burst.
    const isFilled = length > 0 && this.#end === length;
    const bytes = length > FIRST_BUFFER_BYTES || isFilled
      ? IDLE_BUFFER_BYTES
      : FIRST_BUFFER_BYTES;
    if (length !== bytes) {
      giveBuffer(this.#buffer);
      this.#buffer = bytes === FIRST_BUFFER_BYTES
        ? new Uint8Array(bytes)
        : takeBuffer(bytes);
    }
    this.#start = this.#end = 0;
  }

  /**
   * Makes room for the rest of a frame. The buffer grows with the bytes that
   * have arrived, not with the length that the header claims. Only a peer that
   * has filled it makes it grow.
   */
  #makeRoom(): void {
    const held = this.heldBytes;
    const wanted = held < HEADER_BYTES
      ? HEADER_BYTES
      : HEADER_BYTES + readUint32(this.#buffer, this.#start);
    if (this.#start + wanted <= this.#buffer.length) return;
    const isFull = this.#end === this.#buffer.length;
    const most = Math.max(wanted, BUSY_BUFFER_BYTES);
    const earned = Math.max(
      this.#end * GROWTH,
      this.#lastBytes,
      IDLE_BUFFER_BYTES,
    );
    const bytes = isFull ? Math.min(most, earned) : 0;
    if (bytes > this.#buffer.length) {
      // It may be longer than `bytes`. Using all of it saves reads.
      const grown = spareBuffers.take(bytes);
      grown.set(this.#buffer.subarray(this.#start, this.#end));
      giveBuffer(this.#buffer);
      this.#buffer = grown;
    } else if (this.#start > 0) {
      this.#buffer.copyWithin(0, this.#start, this.#end);
    }
    this.#start = 0;
    this.#end = held;
  }
}

/**
 * Returns the frame of `payload`, including its header. A string is sent as
 * UTF-8.
 *
 * @throws {RangeError} If `payload` is empty.
 */
export function encodeFrame(payload: Uint8Array | string): Uint8Array {
  if (payload.length === 0) refuseEmpty();
  const body = typeof payload === "string" ? encoder.encode(payload) : payload;
  const frame = new Uint8Array(HEADER_BYTES + body.length);
  writeUint32(frame, 0, body.length);
  frame.set(body, HEADER_BYTES);
  return frame;
}

/** Throws the error for a payload without bytes. */
export function refuseEmpty(): never {
  throw new RangeError(
    "Cannot send frame: the payload is empty, it must have at least one byte",
  );
}

/** Reads the length in a header. */
export function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) |
    bytes[at + 3]!) >>> 0;
}

/** Writes the length of a header. */
export function writeUint32(
  bytes: Uint8Array,
  at: number,
  value: number,
): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The likely protocol of a wrong peer, and an answer in that protocol. */
interface Foreign {
  readonly text: string;
  readonly answer: Uint8Array | null;
}

/** Returns the likely protocol of a wrong peer, or `null`. */
function describeHeader(header: Uint8Array): Foreign | null {
  if (header[0] === 0x16 && header[1] === 0x03) {
    const text =
      "a TLS handshake (set the option 'tls' on this side, or leave it out there)";
    return { text, answer: FOREIGN_ANSWER };
  }
  if (header[0] === 0x15 && header[1] === 0x03) {
    const text = "a TLS alert (it wants TLS, set the option 'tls')";
    return { text, answer: null };
  }
  for (const byte of header) {
    if ((byte < 0x20 || byte > 0x7e) && byte !== 0x0d && byte !== 0x0a) {
      return null;
    }
  }
  const start = String.fromCharCode(...header);
  const quoted = `'${printable(start)}…'`;
  if (HTTP_METHODS.test(start)) {
    return { text: `an HTTP request (${quoted})`, answer: FOREIGN_ANSWER };
  }
  const text = start === "HTTP"
    ? `an HTTP response (${quoted}: it is a web server, check the address)`
    : `text (${quoted})`;
  return { text, answer: null };
}
