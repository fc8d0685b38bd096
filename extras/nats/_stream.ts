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

/**
 * The number of bytes that may be in flight or unread before a writer waits.
 */
export const WINDOW_BYTES = 256 * 1_024;

/**
 * The number of read bytes after which a reader that sends nothing reports
 * them.
 */
const TELL_BYTES = WINDOW_BYTES / 4;

const NOTHING = new Uint8Array(0);

/** Sends the messages of a stream. */
export interface Outlet {
  /** The maximum size of a message. */
  readonly maxBytes: number;
  /**
   * Sends a message in two parts, which it copies. Messages are sent in order.
   * If the peer is gone, the stream is notified.
   */
  send(header: Uint8Array, data: Uint8Array): void;
  /** Ends sending and receiving. Called once. */
  end(): void;
  /** Keeps the process alive, which is the default. */
  ref(): void;
  /** Allows the process to end. */
  unref(): void;
}

interface PendingRead {
  readonly into: Uint8Array;
  readonly resolve: (bytes: number | null) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A byte stream over messages that may get lost. A gap in their sequence ends
 * the stream, so that readers never miss bytes in the middle.
 */
export class NatsStream implements ByteStream {
  readonly #outlet: Outlet;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #nextOut = 0;
  #nextIn = 0;
  /**
   * The number of bytes that this side has written; `#readByPeer` of them were
   * read.
   */
  #written = 0;
  #readByPeer = 0;
  /**
   * The number of bytes that this side has read; `#told` of them were reported.
   */
  #read = 0;
  #told = 0;
  /** Bytes that were received and not yet read. */
  readonly #held = new HeldBytes(WINDOW_BYTES);
  #reading: PendingRead | null = null;
  #wakeWriter: (() => void) | null = null;
  /** Which directions are open. */
  #isOutOpen = true;
  #isInOpen = true;
  /** `gone`: the peer receives no more messages. */
  #peer: "there" | "gone" = "there";
  /** The error for reads, if the peer has not ended its direction. */
  #failure: unknown = null;
  #isClosed = false;
  /** Whether nothing was sent since the last {@linkcode probe}. */
  #isQuiet = false;

  /** Takes over `outlet`, and ends it. */
  constructor(outlet: Outlet) {
    this.#outlet = outlet;
  }

  // Not async: that would take two more microtasks for each read.
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

  /**
   * Sends a message if none was sent since the last call. If the peer is gone,
   * the server then causes a call of {@linkcode gone}.
   */
  probe(): void {
    if (this.#isQuiet && this.#isWorthSending()) this.#send(KIND.data);
    this.#isQuiet = true;
  }

  /**
   * Handles a message, which may come from anyone who knows the inbox of the
   * stream.
   */
  receive(bytes: Uint8Array): void {
    // A burst may continue after the message that ended the stream.
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

  /**
   * Called when the peer is gone. That is an error unless it has ended its
   * direction.
   */
  gone(): void {
    this.fail(
      new DenomasError("Cannot go on with NATS stream: its peer is gone"),
    );
  }

  /** Ends both directions. Reads reject once the received bytes are read. */
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
    // While a read is waiting, no bytes are held.
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

  /**
   * If both directions have ended, the peer may be gone and needs no messages.
   */
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
