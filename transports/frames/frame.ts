/**
 * The bytes of frames: a big-endian `uint32` length, then that many bytes of
 * payload. Pure: no I/O and no timers.
 */
import { giveBuffer, takeBuffer } from "./_buffers.ts";
import { spareBuffers } from "./_spare_buffers.ts";
import { FrameTooLargeError, MismatchError, ProtocolError } from "../errors.ts";
import { printable } from "../printable.ts";

/** The length of a frame's header, in bytes. */
export const HEADER_BYTES = 4;

/** The read buffer of a connection that has received little so far. */
const FIRST_BUFFER_BYTES = 512;
/** The largest read buffer of an idle connection. */
const IDLE_BUFFER_BYTES = 4 * 1024;
/** The read buffer while more bytes arrive than the idle one holds. */
const BUSY_BUFFER_BYTES = 64 * 1024;
/** The factor by which a filled read buffer grows. */
const GROWTH = 4;
/** A string up to this length gets room for its longest UTF-8 form at once. */
const SHORT_STRING = 1024;
/** A string up to this length is first tried as ASCII, without the encoder. */
const PLAIN_STRING = 128;

/** The first four bytes of an HTTP request. */
const HTTP_METHODS = /^(GET |PUT |POST|HEAD|DELE|PATC|OPTI|CONN|TRAC|PRI )/;

const EMPTY = new Uint8Array(0);
/** Stays empty: most queues never revoke a frame. */
const NONE_REVOKED = new Set<number>();
const encoder = new TextEncoder();

const REFUSAL =
  "This server speaks denomas over plain connections, and neither HTTP nor TLS.\n";

/**
 * The answer to an HTTP request and to a TLS handshake. A TLS client learns from
 * it that the server has no TLS; the end of the connection could mean anything.
 */
const FOREIGN_ANSWER: Uint8Array = encoder.encode(
  "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n" +
    `Content-Type: text/plain\r\nContent-Length: ${REFUSAL.length}\r\n\r\n${REFUSAL}`,
);

/**
 * Cuts a stream of bytes into frames. Read into {@linkcode space}, report the
 * number of bytes to {@linkcode filled}, then take frames by {@linkcode next}
 * until it returns `null`.
 */
export class FrameDecoder {
  readonly #maxFrameBytes: number;
  #buffer = EMPTY;
  #start = 0;
  #end = 0;
  /** The length of the last frame, header included. */
  #lastBytes = 0;

  /** Creates a decoder that refuses payloads over `maxFrameBytes`. */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The number of bytes held of an incomplete frame. */
  get heldBytes(): number {
    return this.#end - this.#start;
  }

  /**
   * Returns the space for the next read, which is never empty. To be called only
   * after `next` has returned `null`.
   */
  space(): Uint8Array {
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
      // Later it is a fault of a peer that does speak the protocol.
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

  /** Keeps only a small buffer, since the connection may be idle from now on. */
  #reset(): void {
    const { length } = this.#buffer;
    // Of a small one that was filled, or did not suffice, a busy peer would need
    // several for a burst.
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
   * have arrived, not with the length that the header claims: only a peer that
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
 * Collects frames to be written. All frames pushed between two calls of
 * {@linkcode take} leave as one run of bytes. The position of a frame is the
 * number of bytes that were pushed before it.
 */
export class FrameQueue {
  readonly #maxFrameBytes: number;
  #buffer = EMPTY;
  #length = 0;
  /** The position of the first byte of `#buffer`. */
  #base = 0;
  /** The offsets of revoked frames in `#buffer`. */
  #revoked = NONE_REVOKED;
  #revokedBytes = 0;
  #taken = EMPTY;
  #lastLength = 0;

  /** Creates a queue that refuses payloads over `maxFrameBytes`. */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The number of bytes waiting to be taken. */
  get bytes(): number {
    return this.#length - this.#revokedBytes;
  }

  /**
   * Copies `payload` to the end, a string as UTF-8, and returns its position.
   *
   * @throws {FrameTooLargeError} If it exceeds the limit.
   * @throws {RangeError} If it is empty.
   */
  push(payload: Uint8Array | string): number {
    const start = this.#length;
    if (payload.length > this.#maxFrameBytes) this.#refuse(payload.length);
    if (payload.length === 0) refuseEmpty();
    if (typeof payload === "string") {
      this.#pushText(payload);
    } else {
      this.#reserve(HEADER_BYTES + payload.length);
      this.#buffer.set(payload, start + HEADER_BYTES);
      this.#length += HEADER_BYTES + payload.length;
    }
    const length = this.#length - start - HEADER_BYTES;
    if (length > this.#maxFrameBytes) {
      this.#length = start;
      if (start === 0) this.#dropBuffer();
      this.#refuse(length);
    }
    writeUint32(this.#buffer, start, length);
    return this.#base + start;
  }

  /** Returns whether the frame at `position` has been taken. */
  isTaken(position: number): boolean {
    return position < this.#base;
  }

  /**
   * Drops the frame at `position` unless it has been taken. Repeatable. Once
   * the other frames are taken, its position counts as taken, too.
   */
  revoke(position: number): boolean {
    if (this.isTaken(position)) return false;
    const at = position - this.#base;
    if (this.#revoked.has(at)) return true;
    if (this.#revoked === NONE_REVOKED) this.#revoked = new Set();
    this.#revoked.add(at);
    this.#revokedBytes += HEADER_BYTES + readUint32(this.#buffer, at);
    return true;
  }

  /**
   * Takes the waiting bytes, or returns `null`. They stay valid until
   * {@linkcode release}, which must come before the next `take`.
   */
  take(): Uint8Array | null {
    if (this.#revoked.size > 0) this.#closeGaps();
    if (this.#length === 0) {
      this.#dropBuffer();
      return null;
    }
    this.#taken = this.#buffer;
    this.#buffer = EMPTY;
    this.#base += this.#length;
    this.#lastLength = this.#length;
    this.#length = 0;
    return this.#taken.subarray(0, this.#lastLength);
  }

  /** Allows the bytes of the last `take` to be overwritten. */
  release(): void {
    giveBuffer(this.#taken);
    this.#taken = EMPTY;
  }

  /** Drops all waiting frames. None of them ever counts as taken. */
  clear(): void {
    this.#length = 0;
    this.#dropBuffer();
    this.#forgetRevoked();
  }

  /** Closes the gaps of revoked frames. */
  #closeGaps(): void {
    let to = 0;
    let from = 0;
    const gaps = [...this.#revoked].sort((a, b) => a - b);
    for (const at of [...gaps, this.#length]) {
      this.#buffer.copyWithin(to, from, at);
      to += at - from;
      if (at === this.#length) break;
      from = at + HEADER_BYTES + readUint32(this.#buffer, at);
    }
    // Positions count revoked bytes too, so later positions stay right.
    this.#base += this.#length - to;
    this.#length = to;
    this.#forgetRevoked();
  }

  #forgetRevoked(): void {
    this.#revoked.clear();
    this.#revokedBytes = 0;
  }

  /** Keeps no buffer, since no frame is waiting. */
  #dropBuffer(): void {
    giveBuffer(this.#buffer);
    this.#buffer = EMPTY;
  }

  #pushText(text: string): void {
    const short = text.length <= SHORT_STRING;
    this.#reserve(HEADER_BYTES + (short ? text.length * 3 : text.length));
    this.#length += HEADER_BYTES;
    if (this.#pushAscii(text)) return;
    const read = this.#encode(text);
    if (read === text.length) return;
    // It is not ASCII: the rest may need three bytes for each unit.
    this.#reserve((text.length - read) * 3);
    this.#encode(text.slice(read));
  }

  /**
   * Appends `text` and returns `true` if it is short and ASCII. To copy it unit
   * by unit saves the call of the encoder, 13 % of a small message.
   */
  #pushAscii(text: string): boolean {
    if (text.length > PLAIN_STRING) return false;
    for (let at = 0; at < text.length; at++) {
      const unit = text.charCodeAt(at);
      if (unit > 0x7f) return false;
      this.#buffer[this.#length + at] = unit;
    }
    this.#length += text.length;
    return true;
  }

  /** Appends as much of `text` as fits, and returns the number of its units. */
  #encode(text: string): number {
    const room = this.#buffer.subarray(this.#length);
    const { read, written } = encoder.encodeInto(text, room);
    this.#length += written;
    return read;
  }

  #reserve(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const wanted = Math.max(
      needed,
      this.#buffer.length * 2,
      Math.min(this.#lastLength, BUSY_BUFFER_BYTES),
    );
    const grown = takeBuffer(wanted);
    if (this.#length > 0) grown.set(this.#buffer.subarray(0, this.#length));
    giveBuffer(this.#buffer);
    this.#buffer = grown;
  }

  #refuse(bytes: number): never {
    throw new FrameTooLargeError(
      `Cannot send frame: ${bytes} bytes are over the limit of ${this.#maxFrameBytes}, send less at once or raise the limit for frames on both sides`,
      { bytes, limitBytes: this.#maxFrameBytes },
    );
  }
}

/**
 * Returns the frame of `payload`, header included. A string is sent as UTF-8.
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

function refuseEmpty(): never {
  throw new RangeError(
    "Cannot send frame: the payload is empty, it must have at least one byte",
  );
}

function readUint32(bytes: Uint8Array, at: number): number {
  return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) |
    bytes[at + 3]!) >>> 0;
}

function writeUint32(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

/** The likely protocol of a wrong peer, and the answer that it understands. */
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
