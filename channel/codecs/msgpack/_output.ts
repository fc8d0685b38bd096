import { spareBuffers } from "../../../transports/internal.ts";

/** The length of a chunk, which many small messages share. */
const CHUNK_BYTES = 16 * 1024;
/** Room after a large value, so that the next values need no new chunk. */
const SPARE_BYTES = 1024;
/** Texts up to this length are written without the encoder if they are ASCII. */
const PLAIN_TEXT = 64;
/** The longest head of a text. */
const HEAD_BYTES = 5;

const EMPTY = new Uint8Array(0);
const encoder = new TextEncoder();
/** Splits a float into two words. */
const float = new DataView(new ArrayBuffer(8));

/** Large messages that the caller has borrowed; each has its own buffer. */
const borrowed = new WeakSet<Uint8Array>();

/** Takes back the buffer of a borrowed message; ignores any other. */
export function takeBack(message: Uint8Array): void {
  if (!borrowed.delete(message)) return;
  spareBuffers.give(new Uint8Array(message.buffer as ArrayBuffer));
}

/**
 * Writes messages one after another into a chunk. No part of a chunk is used
 * twice, so callers own their messages without an allocation for each.
 */
export class Output {
  #chunk = EMPTY;
  #start = 0;
  #at = 0;
  /** The shared chunk and its free part, while a large message is written. */
  #shared = EMPTY;
  #sharedStart = 0;

  /** Ends the message and returns it. The caller borrows a large message. */
  end(): Uint8Array {
    const message = this.#chunk.subarray(this.#start, this.#at);
    this.#start = this.#at;
    if (this.#chunk.length > CHUNK_BYTES) {
      // The chunk was made for this message alone.
      borrowed.add(message);
      this.#chunk = this.#shared;
      this.#start = this.#at = this.#sharedStart;
    }
    return message;
  }

  /** Writes a type byte that includes its value. */
  byte(type: number): void {
    this.#reserve(1);
    this.#chunk[this.#at++] = type;
  }

  /** Writes a type and a byte. */
  uint8(type: number, value: number): void {
    this.#reserve(2);
    const at = this.#at;
    this.#chunk[at] = type;
    this.#chunk[at + 1] = value;
    this.#at = at + 2;
  }

  /** Writes a type and two bytes. */
  uint16(type: number, value: number): void {
    this.#reserve(3);
    const at = this.#at;
    this.#chunk[at] = type;
    this.#chunk[at + 1] = value >>> 8;
    this.#chunk[at + 2] = value;
    this.#at = at + 3;
  }

  /** Writes a type and the four low bytes of an integer. */
  uint32(type: number, value: number): void {
    this.#reserve(5);
    this.#chunk[this.#at++] = type;
    this.#word(value);
  }

  /** Writes a type and eight bytes, the four low ones of each integer. */
  uint64(type: number, high: number, low: number): void {
    this.#reserve(9);
    this.#chunk[this.#at++] = type;
    this.#word(high);
    this.#word(low);
  }

  /** Writes a float of 64 bits. */
  float64(value: number): void {
    float.setFloat64(0, value);
    this.uint64(0xcb, float.getUint32(0), float.getUint32(4));
  }

  /** Writes bytes as a bin. */
  binary(bytes: Uint8Array): void {
    const { length } = bytes;
    this.#reserve(HEAD_BYTES + length);
    if (length < 0x100) this.uint8(0xc4, length);
    else if (length < 0x1_0000) this.uint16(0xc5, length);
    else this.uint32(0xc6, length);
    this.#chunk.set(bytes, this.#at);
    this.#at += length;
  }

  /** Writes text as a str of UTF-8. */
  text(text: string): void {
    const { length } = text;
    this.#reserve(HEAD_BYTES + length);
    if (length <= PLAIN_TEXT && this.#plain(text)) return;
    // Counted from the start of the message, because growing moves it.
    const offset = this.#at - this.#start;
    const room = headBytes(length);
    this.#at += room;
    this.#encode(text);
    this.#reserve(HEAD_BYTES);
    this.#insertTextHead(this.#start + offset, room);
  }

  /** Writes the head of a text that starts `room` bytes behind `start`. */
  #insertTextHead(start: number, room: number): void {
    const body = start + room;
    const bytes = this.#at - body;
    const head = headBytes(bytes);
    // Text beyond ASCII may be so long that its length needs more bytes.
    if (head > room) this.#chunk.copyWithin(start + head, body, this.#at);
    this.#at = start;
    this.#textHead(bytes);
    this.#at += bytes;
  }

  /**
   * Writes text if it is ASCII, and returns whether it was. For a few units
   * this is faster than the encoder.
   */
  #plain(text: string): boolean {
    const { length } = text;
    const chunk = this.#chunk;
    const start = this.#at + headBytes(length);
    for (let index = 0; index < length; index++) {
      const unit = text.charCodeAt(index);
      if (unit > 0x7f) return false;
      chunk[start + index] = unit;
    }
    this.#textHead(length);
    this.#at = start + length;
    return true;
  }

  #encode(text: string): void {
    const room = this.#chunk.subarray(this.#at);
    const { read, written } = encoder.encodeInto(text, room);
    this.#at += written;
    if (read === text.length) return;
    // The text is not ASCII: the rest may need three bytes for each unit.
    this.#reserve((text.length - read) * 3);
    this.#encode(text.slice(read));
  }

  #textHead(bytes: number): void {
    if (bytes < 0x20) this.byte(0xa0 | bytes);
    else if (bytes < 0x100) this.uint8(0xd9, bytes);
    else if (bytes < 0x1_0000) this.uint16(0xda, bytes);
    else this.uint32(0xdb, bytes);
  }

  #word(value: number): void {
    const chunk = this.#chunk;
    const at = this.#at;
    chunk[at] = value >>> 24;
    chunk[at + 1] = value >>> 16;
    chunk[at + 2] = value >>> 8;
    chunk[at + 3] = value;
    this.#at = at + 4;
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes > this.#chunk.length) this.#grow(bytes);
  }

  /** Moves the unfinished message to a chunk with more room. */
  #grow(bytes: number): void {
    const written = this.#at - this.#start;
    const needed = written + bytes;
    const grown = needed <= CHUNK_BYTES
      ? new Uint8Array(CHUNK_BYTES)
      : spareBuffers.take(Math.max(2 * written, needed) + SPARE_BYTES);
    grown.set(this.#chunk.subarray(this.#start, this.#at));
    if (this.#chunk.length > CHUNK_BYTES) spareBuffers.give(this.#chunk);
    else if (grown.length > CHUNK_BYTES) {
      // The bytes written there belong to no message. The next message starts
      // there again, since a new chunk would cost more than the encoding.
      this.#shared = this.#chunk;
      this.#sharedStart = this.#start;
    }
    this.#chunk = grown;
    this.#start = 0;
    this.#at = written;
  }
}

function headBytes(length: number): number {
  if (length < 0x20) return 1;
  if (length < 0x100) return 2;
  return length < 0x1_0000 ? 3 : 5;
}
