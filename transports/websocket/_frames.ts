import { FrameTooLargeError, ProtocolError } from "../errors.ts";
import { CLOSE } from "./_closing.ts";

/** The kinds of frames (RFC 6455, 5.2). */
export const OPCODE = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** The longest payload of a control frame, in bytes. */
const MAX_CONTROL_BYTES = 125;
const MASK_BYTES = 4;
/** The longest header: two bytes, eight of a length, and a mask. */
export const MAX_HEADER_BYTES = 14;
/** The size of the buffer of an idle connection. */
const IDLE_BUFFER_BYTES = 4 * 1_024;
const BUSY_BUFFER_BYTES = 64 * 1_024;

/** A violation of RFC 6455 by the peer, with the close code that reports it. */
export class WebSocketViolation extends ProtocolError {
  readonly closeCode: number;

  constructor(message: string, closeCode: number = CLOSE.protocol) {
    super(`Cannot read WebSocket: ${message}`);
    this.closeCode = closeCode;
  }
}

/** Returns the code of the close frame for an error in received data. */
export function closeCodeOf(error: unknown): number | null {
  if (error instanceof FrameTooLargeError) return CLOSE.tooBig;
  return error instanceof WebSocketViolation ? error.closeCode : null;
}

/**
 * A part of the received data. The bytes of a data part are a view that is
 * valid until the next call.
 */
export type Part =
  | {
    readonly kind: "data";
    readonly isText: boolean;
    readonly bytes: Uint8Array;
    /** Whether the message ends with these bytes. */
    readonly isLast: boolean;
    /** Whether the message ends here and had no bytes at all. */
    readonly isEmpty: boolean;
  }
  | { readonly kind: "ping"; readonly bytes: Uint8Array }
  | { readonly kind: "pong" }
  | { readonly kind: "close"; readonly code: number; readonly reason: string };

/** A frame whose header has been read. */
interface OpenFrame {
  readonly opcode: number;
  readonly isLast: boolean;
  readonly isMasked: boolean;
  readonly bytes: number;
  /** The number of payload bytes so far. */
  taken: number;
}

/** Options for {@linkcode WebSocketDecoder}. */
export interface WebSocketDecoderOptions {
  /** Whether the peer must mask its frames, as clients do. */
  readonly isMasked: boolean;
  /** The longest message, including all of its fragments, in bytes. */
  readonly maxMessageBytes: number;
  /** Bytes that were read together with the handshake. */
  readonly rest: Uint8Array;
}

/**
 * Splits the bytes of a WebSocket into parts of messages (RFC 6455, 5). It
 * holds no message: the parts of a long message are returned as they arrive.
 */
export class WebSocketDecoder {
  readonly #isMasked: boolean;
  readonly #maxMessageBytes: number;
  #buffer: Uint8Array = new Uint8Array(IDLE_BUFFER_BYTES);
  #start = 0;
  #end = 0;
  #frame: OpenFrame | null = null;
  /** The message of which some fragments have arrived. */
  #message: { readonly isText: boolean; bytes: number } | null = null;
  readonly #control: Uint8Array = new Uint8Array(MAX_CONTROL_BYTES);
  /** The mask of the current frame, if it has one. */
  readonly #mask = new Uint8Array(MASK_BYTES);

  constructor(options: WebSocketDecoderOptions) {
    const { isMasked, maxMessageBytes, rest } = options;
    this.#isMasked = isMasked;
    this.#maxMessageBytes = maxMessageBytes;
    if (rest.length > this.#buffer.length) this.#buffer = rest.slice();
    else this.#buffer.set(rest);
    this.#end = rest.length;
  }

  /** Returns space for more bytes. Call it after `next` has returned `null`. */
  space(): Uint8Array {
    this.#buffer.copyWithin(0, this.#start, this.#end);
    this.#end -= this.#start;
    this.#start = 0;
    return this.#buffer.subarray(this.#end);
  }

  /** Notes that `bytes` bytes were read into the last {@linkcode space}. */
  filled(bytes: number): void {
    this.#end += bytes;
    // The buffer grows only if a peer fills it.
    if (this.#end < this.#buffer.length) return;
    if (this.#buffer.length >= BUSY_BUFFER_BYTES) return;
    const grown = new Uint8Array(this.#buffer.length * 2);
    grown.set(this.#buffer);
    this.#buffer = grown;
  }

  /**
   * Returns the next part, or `null` if more bytes are needed.
   *
   * @throws {WebSocketViolation} If the peer breaks the protocol.
   * @throws {FrameTooLargeError} If a message is too long.
   */
  next(): Part | null {
    for (;;) {
      this.#frame ??= this.#readHeader();
      const frame = this.#frame;
      if (frame === null) return null;
      const bytes = this.#takePayload(frame);
      const isWhole = frame.taken === frame.bytes;
      if (bytes.length === 0 && !isWhole) return null;
      if (isWhole) this.#frame = null;
      if (frame.opcode < OPCODE.close) {
        return this.#dataPart(bytes, isWhole && frame.isLast);
      }
      this.#control.set(bytes, frame.taken - bytes.length);
      if (isWhole) return this.#controlPart(frame);
    }
  }

  #readHeader(): OpenFrame | null {
    const buffer = this.#buffer;
    const at = this.#start;
    const held = this.#end - at;
    if (held < 2) return null;
    const first = buffer[at]!;
    const second = buffer[at + 1]!;
    const short = second & 0x7f;
    const lengthBytes = short < 126 ? 0 : short === 126 ? 2 : 8;
    const isMasked = (second & 0x80) !== 0;
    const payloadAt = at + 2 + lengthBytes + (isMasked ? MASK_BYTES : 0);
    this.#checkStart(first, isMasked, short);
    if (this.#end < payloadAt) return null;
    const bytes = lengthBytes === 0
      ? short
      : lengthBytes === 2
      ? buffer[at + 2]! << 8 | buffer[at + 3]!
      : longLength(new DataView(buffer.buffer, buffer.byteOffset + at + 2));
    if (isMasked) {
      this.#mask.set(buffer.subarray(payloadAt - MASK_BYTES, payloadAt));
    }
    this.#start = payloadAt;
    const opcode = first & 0x0f;
    const isLast = (first & 0x80) !== 0;
    if (opcode < OPCODE.close) this.#begin(opcode, bytes);
    return { opcode, isLast, isMasked, bytes, taken: 0 };
  }

  #checkStart(first: number, isMasked: boolean, length: number): void {
    const opcode = first & 0x0f;
    if ((first & 0x70) !== 0) violate("the peer set a reserved bit");
    if (opcode > OPCODE.pong || opcode > 2 && opcode < 8) {
      violate(`the peer sent an unknown opcode ${opcode}`);
    }
    if (isMasked !== this.#isMasked) {
      violate(isMasked ? "the server masks" : "the client does not mask");
    }
    if (opcode < OPCODE.close) return;
    if ((first & 0x80) === 0) violate("the peer cut a control frame");
    if (length > MAX_CONTROL_BYTES) violate("a control frame is too long");
  }

  /** Begins or continues a message. */
  #begin(opcode: number, bytes: number): void {
    const isContinued = opcode === OPCODE.continuation;
    if (isContinued !== (this.#message !== null)) {
      violate(
        isContinued
          ? "a fragment continues no message"
          : "a message begins within another",
      );
    }
    this.#message ??= { isText: opcode === OPCODE.text, bytes: 0 };
    const total = this.#message.bytes + bytes;
    if (total > this.#maxMessageBytes) {
      throw new FrameTooLargeError(
        `Cannot read WebSocket: a message of ${total} bytes is over the limit of ${this.#maxMessageBytes}, raise 'maxMessageBytes' on this side`,
        { bytes: total, limitBytes: this.#maxMessageBytes },
      );
    }
  }

  /** Takes the payload bytes that have arrived, unmasked. */
  #takePayload(frame: OpenFrame): Uint8Array {
    const left = frame.bytes - frame.taken;
    const end = Math.min(this.#end, this.#start + left);
    const bytes = this.#buffer.subarray(this.#start, end);
    this.#start = end;
    if (frame.isMasked) applyMask(bytes, this.#mask, frame.taken);
    frame.taken += bytes.length;
    return bytes;
  }

  #dataPart(bytes: Uint8Array, isLast: boolean): Part {
    const message = this.#message!;
    const { isText } = message;
    message.bytes += bytes.length;
    if (isLast) this.#message = null;
    const isEmpty = isLast && message.bytes === 0;
    return { kind: "data", isText, bytes, isLast, isEmpty };
  }

  #controlPart({ opcode, bytes: length }: OpenFrame): Part {
    const bytes = this.#control.slice(0, length);
    if (opcode === OPCODE.ping) return { kind: "ping", bytes };
    return opcode === OPCODE.pong ? { kind: "pong" } : readClose(bytes);
  }
}

/** Reads a length of 64 bits. Above 2⁵³ it is inexact, but over any limit. */
function longLength(view: DataView): number {
  const high = view.getUint32(0);
  if (high >= 2 ** 31) violate("the highest bit of a length is set");
  return high * 2 ** 32 + view.getUint32(4);
}

const utf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Returns the text of a message.
 *
 * @throws {WebSocketViolation} If it is not UTF-8.
 */
export function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new WebSocketViolation("a text is no UTF-8", CLOSE.invalidText);
  }
}

function readClose(bytes: Uint8Array): Part {
  // 1005 represents a close frame without a code.
  if (bytes.length === 0) return { kind: "close", code: 1_005, reason: "" };
  if (bytes.length === 1) violate("a close frame has half a code");
  const code = bytes[0]! * 256 + bytes[1]!;
  if (!isCloseCode(code)) violate(`a close frame has the code ${code}`);
  return { kind: "close", code, reason: textOf(bytes.subarray(2)) };
}

/** Returns whether a peer may send a code (RFC 6455, 7.4.2). */
function isCloseCode(code: number): boolean {
  return code >= 1_000 && code <= 1_014 &&
      ![1_004, 1_005, 1_006].includes(code) ||
    code >= 3_000 && code < 5_000;
}

function violate(message: string): never {
  throw new WebSocketViolation(message);
}

/**
 * Masks or unmasks in place. `offset` is the offset of `bytes` in the payload.
 */
export function applyMask(
  bytes: Uint8Array,
  mask: Uint8Array,
  offset: number,
): void {
  const a = mask[offset & 3]!;
  const b = mask[(offset + 1) & 3]!;
  const c = mask[(offset + 2) & 3]!;
  const d = mask[(offset + 3) & 3]!;
  let at = 0;
  // Four bytes per step take a third of the time of a loop that computes the
  // index in the mask.
  for (const end = bytes.length - 3; at < end; at += 4) {
    bytes[at]! ^= a;
    bytes[at + 1]! ^= b;
    bytes[at + 2]! ^= c;
    bytes[at + 3]! ^= d;
  }
  for (; at < bytes.length; at++) bytes[at]! ^= mask[(offset + at) & 3]!;
}

/**
 * Returns a frame that is a whole message.
 *
 * @param mask Four random bytes, required for a client, or `null`.
 * @param frame Space for the frame: {@linkcode MAX_HEADER_BYTES} longer than
 * `payload`.
 */
export function encodeMessage(
  opcode: number,
  payload: Uint8Array,
  mask: Uint8Array | null,
  frame: Uint8Array = new Uint8Array(MAX_HEADER_BYTES + payload.length),
): Uint8Array {
  const { length } = payload;
  frame[0] = 0x80 | opcode;
  let at = 2;
  if (length < 126) {
    frame[1] = length;
  } else if (length < 2 ** 16) {
    frame[1] = 126;
    frame[2] = length >>> 8;
    frame[3] = length;
    at = 4;
  } else {
    frame[1] = 127;
    new DataView(frame.buffer, frame.byteOffset).setBigUint64(
      2,
      BigInt(length),
    );
    at = 10;
  }
  if (mask !== null) {
    frame[1]! |= 0x80;
    frame.set(mask, at);
    at += 4;
  }
  frame.set(payload, at);
  if (mask !== null) applyMask(frame.subarray(at, at + length), mask, 0);
  return frame.subarray(0, at + length);
}

/**
 * Returns the payload of a close frame. A long `reason` is cut between two
 * characters.
 */
export function encodeClose(code: number, reason = ""): Uint8Array {
  const payload = new Uint8Array(MAX_CONTROL_BYTES);
  payload.set([code >> 8, code & 0xff]);
  const { written } = new TextEncoder().encodeInto(reason, payload.subarray(2));
  return payload.subarray(0, 2 + written);
}
