import { DenomasError, ProtocolError } from "../../transports/errors.ts";
import type { ByteStream } from "../../transports/transport.ts";
import { HeldBytes } from "./_held_bytes.ts";
import {
  decodeStreamMessage,
  encodeHeader,
  HEADER_BYTES,
  KIND,
  type StreamMessage,
} from "./_messages.ts";

/** The bytes that may be on their way or unread before a writer waits. */
export const WINDOW_BYTES = 256 * 1_024;

/** The bytes after which a reader that sends nothing tells what it has read. */
const TELL_BYTES = WINDOW_BYTES / 4;

const NOTHING = new Uint8Array(0);

/** What carries the messages of a stream. */
export interface Outlet {
  /** The longest message. */
  readonly maxBytes: number;
  /**
   * Sends a message in two parts, in order, which it copies. If the peer is gone,
   * the stream is told so.
   */
  send(header: Uint8Array, data: Uint8Array): void;
  /** No message comes any more, and none is sent. Called once. */
  end(): void;
  /** Keeps the process alive, as it does at first. */
  ref(): void;
  /** Lets the process end. */
  unref(): void;
}

interface PendingRead {
  readonly into: Uint8Array;
  readonly resolve: (bytes: number | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A stream of bytes in messages that may get lost: a gap in their sequence ends
 * it, so that what was read is never with a hole.
 */
export class NatsStream implements ByteStream {
  readonly #outlet: Outlet;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #nextOut = 0;
  #nextIn = 0;
  /** Bytes that this side has written, and of them those the peer has read. */
  #written = 0;
  #readByPeer = 0;
  /** Bytes that this side has read, and of them those the peer knows of. */
  #read = 0;
  #told = 0;
  /** Bytes that were received and not read. */
  readonly #held = new HeldBytes(WINDOW_BYTES);
  #reading: PendingRead | null = null;
  #wakeWriter: (() => void) | null = null;
  /** Which directions are open. */
  #isOutOpen = true;
  #isInOpen = true;
  /** `gone`: it hears nothing any more. */
  #peer: "there" | "gone" = "there";
  /** Why reading ends before the peer has ended its direction. */
  #failure: unknown = null;
  #isClosed = false;
  /** Whether nothing was sent since the last {@linkcode probe}. */
  #isQuiet = false;

  /** Takes over `outlet`, which it ends. */
  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  // Not async: each read would take two more microtasks.
  read(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.#reading = { into, resolve, reject };
      this.#answerRead();
    });
  }

  async write(bytes: Uint8Array): Promise<number> {
    for (;;) {
      if (!this.#canWrite()) throw this.#writeError();
      const unread = distance(this.#written, this.#readByPeer);
      const length = Math.min(
        bytes.length,
        WINDOW_BYTES - unread,
        this.#outlet.maxBytes - HEADER_BYTES,
      );
      if (length > 0) {
        this.#written += length;
        this.#send(KIND.data, bytes.subarray(0, length));
        return length;
      }
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
  }

  // deno-lint-ignore require-await -- it must reject, not throw
  async closeWrite(): Promise<void> {
    if (!this.#canWrite()) return;
    this.#send(KIND.end);
    this.#isOutOpen = false;
  }

  close(): void {
    if (this.#isClosed) return;
    if (this.#isWorthSending()) this.#send(KIND.close);
    this.#isClosed = true;
    this.#held.drop();
    this.#outlet.end();
    this.#answerRead();
    this.#wakeWriter?.();
  }

  ref(): void {
    if (!this.#isClosed) this.#outlet.ref();
  }

  unref(): void {
    if (!this.#isClosed) this.#outlet.unref();
  }

  /** Sends a message if none was sent since the last call: see {@linkcode gone}. */
  probe(): void {
    if (this.#isQuiet && this.#isWorthSending()) this.#send(KIND.data);
    this.#isQuiet = true;
  }

  /** Takes a message from whoever knows where this stream gets them. */
  receive(bytes: Uint8Array): void {
    // The rest of a burst comes after the message that has ended it.
    if (this.#peer === "gone") return;
    const message = decodeStreamMessage(bytes);
    const breach = message === null ? "it is none" : this.#breachOf(message);
    if (breach !== null) {
      this.#send(KIND.close);
      this.fail(
        new ProtocolError(`Cannot take message of a NATS stream: ${breach}`),
      );
      return;
    }
    this.#take(message!);
  }

  /** The peer is gone, which is an error unless it has ended its direction. */
  gone(): void {
    this.fail(
      new DenomasError("Cannot go on with NATS stream: its peer is gone"),
    );
  }

  /** Ends both directions; reads reject once what was received is read. */
  fail(error: unknown): void {
    if (this.#peer === "gone") return;
    if (this.#isInOpen) this.#failure = error;
    this.#end();
  }

  #end(): void {
    this.#isInOpen = false;
    this.#peer = "gone";
    this.#answerRead();
    this.#wakeWriter?.();
  }

  #breachOf({ kind, sequence, read, data }: StreamMessage): string | null {
    if (sequence !== this.#nextIn) {
      return `its number is ${sequence}, wanted ${this.#nextIn}; some were lost or are of another sender`;
    }
    const unread = distance(this.#written, this.#readByPeer);
    if (distance(read, this.#readByPeer) > unread) {
      return "its sender has read more than was written";
    }
    const { length } = data;
    if (length === 0) return null;
    if (kind !== KIND.data || !this.#isInOpen) {
      return `it has ${length} bytes after the end`;
    }
    return this.#held.length + length > WINDOW_BYTES
      ? `its ${length} bytes are beyond the ${WINDOW_BYTES} that may be unread`
      : null;
  }

  #take({ kind, read, data }: StreamMessage): void {
    this.#nextIn = next(this.#nextIn);
    if (read !== this.#readByPeer) {
      this.#readByPeer = read;
      this.#wakeWriter?.();
    }
    if (data.length > 0) this.#takeData(data);
    if (kind === KIND.data) return;
    if (kind === KIND.close) return this.#end();
    this.#isInOpen = false;
    this.#answerRead();
  }

  #takeData(data: Uint8Array): void {
    if (this.#isClosed) return;
    const reading = this.#reading;
    if (reading === null) return this.#held.add(data);
    // Nothing is held while a read waits.
    const part = data.subarray(0, reading.into.length);
    reading.into.set(part);
    if (part.length < data.length) this.#held.add(data.subarray(part.length));
    this.#reading = null;
    this.#noteRead(part.length);
    reading.resolve(part.length);
  }

  #answerRead(): void {
    const reading = this.#reading;
    if (reading === null) return;
    if (this.#isClosed) reading.reject(closedError());
    else if (this.#held.length > 0) {
      reading.resolve(this.#takeHeld(reading.into));
    } else if (this.#failure !== null) reading.reject(this.#failure);
    else if (!this.#isInOpen) reading.resolve(null);
    else return;
    this.#reading = null;
  }

  #takeHeld(into: Uint8Array): number {
    const length = this.#held.take(into);
    this.#noteRead(length);
    return length;
  }

  #noteRead(length: number): void {
    this.#read += length;
    const isWorthTelling = distance(this.#read, this.#told) >= TELL_BYTES;
    if (isWorthTelling && this.#isInOpen) this.#send(KIND.data);
  }

  #send(kind: StreamMessage["kind"], data: Uint8Array = NOTHING): void {
    const read = this.#told = this.#read >>> 0;
    const sequence = this.#nextOut;
    this.#nextOut = next(sequence);
    this.#isQuiet = false;
    encodeHeader({ kind, sequence, read }, this.#header);
    this.#outlet.send(this.#header, data);
  }

  /** A peer whose both directions have ended may be gone, and needs no news. */
  #isWorthSending(): boolean {
    return this.#peer === "there" && (this.#isInOpen || this.#isOutOpen);
  }

  #canWrite(): boolean {
    return !this.#isClosed && this.#isOutOpen && this.#peer === "there";
  }

  #writeError(): unknown {
    if (this.#isClosed || !this.#isOutOpen) return closedError();
    return this.#failure ??
      new DenomasError("Cannot write to NATS stream: its peer has closed it");
  }
}

/** Returns how far `count` is ahead of `other`, both modulo 2^32. */
function distance(count: number, other: number): number {
  return (count - other) >>> 0;
}

function next(sequence: number): number {
  return (sequence + 1) >>> 0;
}

function closedError(): DenomasError {
  return new DenomasError("Cannot use a NATS stream: it is closed");
}
