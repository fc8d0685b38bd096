import { Chunks } from "../_chunks.ts";
import { DenomasError } from "../errors.ts";
import { world } from "../_world.ts";
import type { ByteStream } from "../transport.ts";
import { CLOSE, closedByPeer, GOOD_CODES } from "./_closing.ts";
import { TextFrames } from "./_text_frames.ts";

/** The most bytes written as one message. */
const WRITE_BYTES = 256 * 1_024;
/** The most bytes in the platform's write buffer before the writer waits. */
const MOST_BUFFERED_BYTES = 256 * 1_024;
/** The platform has no event for a shrinking buffer, so it is polled. */
const FIRST_POLL_MS = 1;
const LAST_POLL_MS = 16;
/**
 * The most unread bytes, in addition to one message. The platform cannot pause
 * a peer, so a peer that sends more is cut off.
 */
const MOST_UNREAD_BYTES = 64 * 1_024 * 1_024;

const NOTHING = new Uint8Array(0);

/** Options for {@linkcode NativeStream}. */
export interface NativeStreamOptions {
  /** Whether frames travel as text messages. */
  readonly isText: boolean;
  readonly maxMessageBytes: number;
}

/**
 * A byte stream inside the platform's `WebSocket`, which it owns. An empty
 * message ends a direction, as in every WebSocket of this package.
 */
export class NativeStream implements ByteStream {
  readonly #socket: WebSocket;
  readonly #text: TextFrames | null;
  readonly #maxMessageBytes: number;
  readonly #chunks: Chunks = new Chunks();
  #unread = 0;
  #hasEnded = false;
  #isClosed = false;
  #failure: unknown = null;
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};

  /** Takes ownership of `socket`, which may still be opening. */
  constructor(socket: WebSocket, options: NativeStreamOptions) {
    this.#socket = socket;
    this.#maxMessageBytes = options.maxMessageBytes;
    this.#text = options.isText
      ? new TextFrames(options.maxMessageBytes)
      : null;
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => this.#receive(data);
    socket.onclose = (event) => this.#lose(event);
    // An error event holds no details. The socket closes next.
    socket.onerror = () => {};
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#chunks.isEmpty) {
      if (this.#isClosed) throw closedError();
      if (this.#hasEnded) return null;
      if (this.#failure !== null) throw this.#failure;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    if (this.#isClosed) throw closedError();
    const filled = this.#chunks.take(into);
    this.#unread -= filled;
    return filled;
  }

  async write(bytes: Uint8Array): Promise<number> {
    const part = bytes.subarray(0, WRITE_BYTES);
    this.#checkOpen();
    if (this.#text === null) {
      this.#socket.send(part.slice());
    } else {
      const decoder = new TextDecoder();
      for (const message of this.#text.push(part)) {
        this.#socket.send(decoder.decode(message));
      }
    }
    let pauseMs = FIRST_POLL_MS;
    while (this.#socket.bufferedAmount > MOST_BUFFERED_BYTES) {
      await this.#pause(pauseMs);
      pauseMs = Math.min(2 * pauseMs, LAST_POLL_MS);
      this.#checkOpen();
    }
    return part.length;
  }

  // deno-lint-ignore require-await -- it must reject, not throw
  async closeWrite(): Promise<void> {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(NOTHING);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#chunks.clear();
    this.#closeSocket(CLOSE.normal);
    this.#wakeReader();
    this.#wakeWriter();
  }

  /** Does nothing: a page ends with its window, not with its work. */
  ref(): void {}
  unref(): void {}

  #receive(data: unknown): void {
    if (this.#isClosed || this.#failure !== null) return;
    const isText = typeof data === "string";
    const message = isText
      ? new TextEncoder().encode(data)
      : new Uint8Array(data as ArrayBuffer);
    const { length } = message;
    if (length === 0) {
      this.#hasEnded = true;
    } else if (isText !== (this.#text !== null)) {
      this.#fail(
        CLOSE.protocol,
        "the peer sends text for bytes, or bytes for text",
      );
    } else if (length > this.#maxMessageBytes) {
      this.#fail(
        CLOSE.tooBig,
        `a message of ${length} bytes is over the limit of ${this.#maxMessageBytes}`,
      );
    } else {
      this.#keep(isText ? this.#text!.frame(message) : message);
    }
    this.#wakeReader();
  }

  #keep(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#unread += chunk.length;
    if (this.#unread <= MOST_UNREAD_BYTES + this.#maxMessageBytes) return;
    this.#fail(CLOSE.tooBig, "the peer sends faster than this side reads");
  }

  #fail(code: number, why: string): void {
    this.#chunks.clear();
    this.#failure = new DenomasError(`Cannot read WebSocket: ${why}`);
    this.#closeSocket(code);
  }

  #lose({ code, reason }: CloseEvent): void {
    if (GOOD_CODES.includes(code)) this.#hasEnded = true;
    else this.#failure ??= closedByPeer(code, reason);
    this.#wakeReader();
    this.#wakeWriter();
  }

  #closeSocket(code: number): void {
    try {
      // A page may send only the code 1000, and its own codes from 3000 on.
      this.#socket.close(code === CLOSE.normal ? code : code + 3_000);
    } catch {
      // Deno refuses before the handshake is done, and then ends it itself.
    }
  }

  #checkOpen(): void {
    if (this.#isClosed || this.#socket.readyState !== WebSocket.OPEN) {
      throw closedError();
    }
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = world.setTimer(ms, resolve);
      this.#wakeWriter = () => {
        timer.stop();
        resolve();
      };
    });
  }
}

function closedError(): DenomasError {
  return new DenomasError("Cannot use WebSocket: it is closed");
}
