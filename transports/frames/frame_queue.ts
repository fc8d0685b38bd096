/** The queue of a connection's frames to write. Pure: no I/O and no timers. */
import { giveBuffer, takeBuffer } from "./_buffers.ts";
import { FrameTooLargeError } from "../errors.ts";
import { HEADER_BYTES, readUint32, refuseEmpty, writeUint32 } from "./frame.ts";

/**
 * Payloads of at least this length are not copied next to other frames. That
 * saves a tenth of the CPU time of messages of 1 MiB. At 64 KiB, their separate
 * write costs as much as it saves.
 */
const LARGE_BYTES = 128 * 1024;
/** The longest first buffer, used if the last run was at least as long. */
const AGAIN_BYTES = 64 * 1024;
/** A string up to this length gets room for its longest UTF-8 form at once. */
const SHORT_STRING = 1024;
/** A string up to this length is first tried as ASCII, without the encoder. */
const PLAIN_STRING = 128;

const EMPTY = new Uint8Array(0);
/** These stay empty: most queues revoke no frame and have no large one. */
const NONE_REVOKED = new Set<number>();
const NONE_LARGE: LargeFrame[] = [];
const encoder = new TextEncoder();

/** Takes back payloads that are no longer read. */
export interface PayloadOwner {
  release(payload: Uint8Array): void;
}

/** A payload that is not copied, and the frames before it up to its header. */
interface LargeFrame {
  readonly before: Uint8Array<ArrayBuffer>;
  /** The number of bytes in `before`, and the position of the first. */
  readonly length: number;
  readonly base: number;
  readonly payload: Uint8Array;
  readonly owner: PayloadOwner;
}

/**
 * Collects frames to be written. All frames pushed between two calls of
 * {@linkcode take} leave as one run of bytes, except that each large payload is
 * its own run. The position of a frame is the number of bytes that were pushed
 * before it.
 */
export class FrameQueue {
  readonly #maxFrameBytes: number;
  /** The frames after the last large frame. */
  #buffer = EMPTY;
  #length = 0;
  /** The position of the first byte of `#buffer`. */
  #base = 0;
  #large = NONE_LARGE;
  /** A large frame of which only the payload is not yet taken. */
  #rest: LargeFrame | null = null;
  /** The positions of revoked frames that are not yet taken. */
  #revoked = NONE_REVOKED;
  #bytes = 0;
  /** The position up to which frames have been taken. */
  #takenTo = 0;
  #taken: Uint8Array<ArrayBuffer> | LargeFrame = EMPTY;
  #lastLength = 0;

  /** Creates a queue that refuses payloads over `maxFrameBytes`. */
  constructor(maxFrameBytes: number) {
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** The number of bytes waiting to be taken. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether a large payload waits, so that more than one run may be left. */
  get hasLarge(): boolean {
    return this.#rest !== null || this.#large.length > 0;
  }

  /**
   * Adds `payload` to the end, a string as UTF-8, and returns its position. It
   * is copied before this returns, unless it is large and has an owner, which
   * gets it back on release.
   *
   * @throws {FrameTooLargeError} If it exceeds the limit.
   * @throws {RangeError} If it is empty.
   */
  push(payload: Uint8Array | string, owner?: PayloadOwner): number {
    const start = this.#length;
    const position = this.#base + start;
    if (payload.length > this.#maxFrameBytes) this.#refuse(payload.length);
    if (payload.length === 0) refuseEmpty();
    if (typeof payload === "string") {
      this.#pushText(payload);
    } else if (owner !== undefined && payload.length >= LARGE_BYTES) {
      this.#pushLarge(payload, owner);
      return position;
    } else {
      this.#reserve(HEADER_BYTES + payload.length);
      this.#buffer.set(payload, start + HEADER_BYTES);
      this.#length += HEADER_BYTES + payload.length;
      owner?.release(payload);
    }
    const length = this.#length - start - HEADER_BYTES;
    if (length > this.#maxFrameBytes) {
      this.#length = start;
      if (start === 0) this.#dropBuffer();
      this.#refuse(length);
    }
    writeUint32(this.#buffer, start, length);
    this.#bytes += HEADER_BYTES + length;
    return position;
  }

  #pushLarge(payload: Uint8Array, owner: PayloadOwner): void {
    this.#reserve(HEADER_BYTES);
    writeUint32(this.#buffer, this.#length, payload.length);
    this.#length += HEADER_BYTES;
    this.#bytes += HEADER_BYTES + payload.length;
    const [before, length, base] = [this.#buffer, this.#length, this.#base];
    if (this.#large === NONE_LARGE) this.#large = [];
    this.#large.push({ before, length, base, payload, owner });
    this.#base += length + payload.length;
    this.#buffer = EMPTY;
    this.#length = 0;
  }

  /** Returns whether the frame at `position` has been taken, at least in part. */
  isTaken(position: number): boolean {
    return position < this.#takenTo;
  }

  /**
   * Drops the frame at `position`, unless it has been taken. Returns whether it
   * is dropped. Repeatable. Once the other frames are taken, its position
   * counts as taken, too.
   */
  revoke(position: number): boolean {
    if (this.isTaken(position)) return false;
    if (this.#revoked.has(position)) return true;
    if (this.#revoked === NONE_REVOKED) this.#revoked = new Set();
    this.#revoked.add(position);
    this.#bytes -= HEADER_BYTES + this.#lengthAt(position);
    return true;
  }

  #lengthAt(position: number): number {
    const large = this.#large.find((it) => position < it.base + it.length);
    return large === undefined
      ? readUint32(this.#buffer, position - this.#base)
      : readUint32(large.before, position - large.base);
  }

  /**
   * Takes the next run of waiting bytes, or returns `null`. The bytes stay
   * valid until {@linkcode release}, which must come before the next `take`.
   */
  take(): Uint8Array | null {
    if (this.#rest !== null) return this.#takePayload(this.#rest);
    const large = this.#large.shift();
    if (large !== undefined) return this.#takeBefore(large);
    const buffer = this.#buffer;
    const length = this.#closeGaps(buffer, this.#base, this.#length);
    this.#takenTo = this.#base += this.#length;
    this.#buffer = EMPTY;
    this.#length = 0;
    if (length > 0) this.#lastLength = length;
    return this.#takeRun(buffer, length);
  }

  /** Takes the bytes before the payload of a large frame, if there are any. */
  #takeBefore(large: LargeFrame): Uint8Array | null {
    const { before, length, base, payload, owner } = large;
    const isRevoked = this.#revoked.has(base + length - HEADER_BYTES);
    const left = this.#closeGaps(before, base, length);
    this.#takenTo = base + length;
    if (isRevoked) owner.release(payload);
    else this.#rest = large;
    return this.#takeRun(before, left) ?? this.take();
  }

  #takePayload(large: LargeFrame): Uint8Array {
    this.#rest = null;
    this.#taken = large;
    this.#bytes -= large.payload.length;
    return large.payload;
  }

  #takeRun(buffer: Uint8Array<ArrayBuffer>, length: number): Uint8Array | null {
    if (length === 0) {
      giveBuffer(buffer);
      return null;
    }
    this.#taken = buffer;
    this.#bytes -= length;
    return buffer.subarray(0, length);
  }

  /** Allows the bytes of the last `take` to be overwritten. */
  release(): void {
    const taken = this.#taken;
    this.#taken = EMPTY;
    if ("owner" in taken) taken.owner.release(taken.payload);
    else giveBuffer(taken);
  }

  /** Drops all waiting frames. None of them ever counts as taken. */
  clear(): void {
    this.#length = this.#bytes = 0;
    this.#dropBuffer();
    this.#revoked.clear();
    const rest = this.#rest;
    rest?.owner.release(rest.payload);
    for (const { before, payload, owner } of this.#large) {
      giveBuffer(before);
      owner.release(payload);
    }
    this.#rest = null;
    this.#large = NONE_LARGE;
  }

  /**
   * Closes the gaps of revoked frames in the first `length` bytes of a buffer,
   * which begins at `base`. Returns the number of remaining bytes.
   */
  #closeGaps(
    buffer: Uint8Array<ArrayBuffer>,
    base: number,
    length: number,
  ): number {
    if (this.#revoked.size === 0) return length;
    let to = 0;
    let from = 0;
    const gaps = [...this.#revoked].filter((it) => it < base + length);
    for (const position of [...gaps.sort((a, b) => a - b), base + length]) {
      const at = position - base;
      buffer.copyWithin(to, from, at);
      to += at - from;
      if (at === length) break;
      this.#revoked.delete(position);
      // The payload of a large frame is not in this buffer.
      from = Math.min(at + HEADER_BYTES + readUint32(buffer, at), length);
    }
    return to;
  }

  /** Releases the buffer, since no frame is waiting. */
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
    // The text is not ASCII: the rest may need three bytes for each unit.
    this.#reserve((text.length - read) * 3);
    this.#encode(text.slice(read));
  }

  /**
   * Appends `text` and returns `true` if it is short and ASCII. Copying it unit
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

  /**
   * Appends as much of `text` as fits. Returns the number of appended units.
   */
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
      Math.min(this.#lastLength, AGAIN_BYTES),
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
