import { DenomasError } from "../errors.ts";
import { giveBuffer, takeBuffer } from "../frames/_buffers.ts";
import type { ByteStream } from "../transport.ts";
import { CLOSE, closedByPeer, GOOD_CODES } from "./_closing.ts";
import {
  closeCodeOf,
  encodeClose,
  encodeMessage,
  MAX_HEADER_BYTES,
  OPCODE,
  type Part,
  textOf,
  WebSocketDecoder,
  WebSocketViolation,
} from "./_frames.ts";
import { MaskKeys } from "./_mask_keys.ts";
import { TextFrames } from "./_text_frames.ts";

/**
 * The most bytes written as one message. With short messages, progress towards
 * a slow peer is visible.
 */
const WRITE_BYTES = 64 * 1_024;

type DataPart = Part & { readonly kind: "data" };
type ControlPart = Exclude<Part, DataPart>;

const NOTHING = new Uint8Array(0);

/** Options for {@linkcode WebSocketStream}. */
export interface WebSocketStreamOptions {
  readonly role: "client" | "server";
  /** Whether frames travel as text messages. */
  readonly isText: boolean;
  readonly maxMessageBytes: number;
  /** Bytes that were read together with the handshake. */
  readonly rest: Uint8Array;
}

/**
 * A byte stream inside a WebSocket over another byte stream, which it owns.
 *
 * WebSocket cannot end one direction, so an empty message represents that end.
 */
export class WebSocketStream implements ByteStream {
  readonly #below: ByteStream;
  readonly #decoder: WebSocketDecoder;
  readonly #masks: MaskKeys | null;
  readonly #text: TextFrames | null;
  /** Bytes that were received but not yet read. */
  #held: Uint8Array = NOTHING;
  /** The parts of the current text message. */
  #parts: Uint8Array[] = [];
  /** Settles with the last write to the stream below. Never rejects. */
  #writing: Promise<unknown> = Promise.resolve();
  #isWriting = false;
  /** The payload of the latest ping, while a pong is queued. */
  #pong: Uint8Array | null = null;
  /** Whether the peer has ended its direction. */
  #hasEnded = false;
  /** The error that ends reading. */
  #failure: unknown = null;
  #hasSentClose = false;
  #isClosed = false;

  /** Takes ownership of `below`, whose handshake is done. */
  constructor(below: ByteStream, options: WebSocketStreamOptions) {
    const { role, isText, maxMessageBytes, rest } = options;
    this.#below = below;
    const isMasked = role === "server";
    this.#decoder = new WebSocketDecoder({ isMasked, maxMessageBytes, rest });
    this.#masks = role === "client" ? new MaskKeys() : null;
    this.#text = isText ? new TextFrames(maxMessageBytes) : null;
  }

  async read(into: Uint8Array): Promise<number | null> {
    let filled = this.#fill(into, 0);
    try {
      // One read may return many short messages, as over TCP.
      while (filled < into.length && !this.#hasEnded) {
        if (this.#failure !== null) throw this.#failure;
        const part = this.#decoder.next();
        if (part !== null) {
          if (part.kind === "data") this.#takeData(part);
          else await this.#takeControl(part);
          filled = this.#fill(into, filled);
        } else if (filled > 0) {
          break;
        } else {
          await this.#receive();
        }
      }
    } catch (error) {
      if (this.#failure === null) {
        const code = closeCodeOf(error);
        if (code !== null) await this.#sendClose(code);
        this.#failure = error;
      }
      // Bytes that came before the error are read first.
      if (filled === 0) throw error;
    }
    return filled === 0 ? null : filled;
  }

  async #receive(): Promise<void> {
    const bytes = await this.#below.read(this.#decoder.space());
    if (bytes !== null) return this.#decoder.filled(bytes);
    throw new DenomasError(
      "Cannot read WebSocket: the peer ended the connection without a close frame",
    );
  }

  /** Moves held bytes to `into`, from `at` on. Returns the end of them. */
  #fill(into: Uint8Array, at: number): number {
    const bytes = this.#held.subarray(0, into.length - at);
    into.set(bytes, at);
    this.#held = this.#held.subarray(bytes.length);
    return at + bytes.length;
  }

  async #takeControl(part: ControlPart): Promise<void> {
    switch (part.kind) {
      case "ping":
        return this.#answerPing(part.bytes);
      case "pong":
        return;
      case "close":
        // The answer to an earlier ping is sent first.
        while (this.#pong !== null) await this.#writing;
        await this.#sendClose(CLOSE.normal);
        // Other codes report a fault. 1005 means that there is no code.
        if (!GOOD_CODES.includes(part.code)) {
          throw closedByPeer(part.code, part.reason);
        }
        this.#hasEnded = true;
    }
  }

  #takeData(part: DataPart): void {
    const { isText, bytes, isLast, isEmpty } = part;
    if (isEmpty) {
      this.#hasEnded = true;
      return;
    }
    if (isText !== (this.#text !== null)) {
      throw new WebSocketViolation(
        isText
          ? "the peer sent text, and bytes were agreed on"
          : "the peer sent bytes, and text was agreed on",
        CLOSE.wrongType,
      );
    }
    if (this.#text === null) {
      this.#held = bytes;
      return;
    }
    this.#parts.push(bytes.slice());
    if (!isLast) return;
    const message = concat(this.#parts);
    this.#parts = [];
    textOf(message);
    this.#held = this.#text.frame(message);
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.#hasSentClose) throw closedError();
    const part = bytes.subarray(0, WRITE_BYTES);
    if (this.#text === null) {
      const buffer = takeBuffer(MAX_HEADER_BYTES + part.length);
      const mask = this.#masks?.next() ?? null;
      await this.#send(encodeMessage(OPCODE.binary, part, mask, buffer));
      giveBuffer(buffer);
    } else {
      // One write for all messages: each write is a system call.
      const messages = [...this.#text.push(part)]
        .map((message) => this.#encode(OPCODE.text, message));
      if (messages.length > 0) await this.#send(concat(messages));
    }
    return part.length;
  }

  #encode(opcode: number, payload: Uint8Array): Uint8Array {
    return encodeMessage(opcode, payload, this.#masks?.next() ?? null);
  }

  async closeWrite(): Promise<void> {
    if (this.#hasSentClose) return;
    await this.#send(this.#encode(OPCODE.binary, NOTHING));
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // A pending write may have sent part of a frame.
    if (!this.#isWriting) this.#sendClose(CLOSE.normal);
    this.#hasSentClose = true;
    this.#below.close();
  }

  ref(): void {
    this.#below.ref();
  }

  unref(): void {
    this.#below.unref();
  }

  /** Queues a pong. Only the latest ping needs one (RFC 6455, 5.5.3). */
  #answerPing(bytes: Uint8Array): void {
    if (this.#hasSentClose) return;
    const isQueued = this.#pong !== null;
    this.#pong = bytes;
    if (isQueued) return;
    this.#writing.then(() => {
      const pong = this.#pong!;
      this.#pong = null;
      if (this.#hasSentClose) return;
      this.#send(this.#encode(OPCODE.pong, pong)).catch(() => {});
    });
  }

  /** Sends a close frame. Never rejects: if that fails, the peer is gone. */
  async #sendClose(code: number): Promise<void> {
    if (this.#hasSentClose) return;
    const sent = this.#send(this.#encode(OPCODE.close, encodeClose(code)));
    this.#hasSentClose = true;
    await sent.catch(() => {});
  }

  /**
   * Sends frames. The frames of several callers leave whole, one after another.
   * No frame may follow a close frame.
   */
  async #send(frames: Uint8Array): Promise<void> {
    if (this.#hasSentClose) throw closedError();
    while (this.#isWriting) await this.#writing;
    this.#isWriting = true;
    const writing = writeAll(this.#below, frames);
    this.#writing = writing.catch(() => {});
    try {
      await writing;
    } finally {
      this.#isWriting = false;
    }
  }
}

async function writeAll(stream: ByteStream, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await stream.write(rest));
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!;
  const whole = new Uint8Array(parts.reduce((sum, it) => sum + it.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function closedError(): DenomasError {
  return new DenomasError("Cannot write to WebSocket: it is closed");
}
