import { encodeFrame, FrameDecoder } from "../frames/frame.ts";

/**
 * Converts the byte stream of a connection to text messages and back. Each
 * message is one frame without its header.
 */
export class TextFrames {
  readonly #decoder: FrameDecoder;

  constructor(maxMessageBytes: number) {
    this.#decoder = new FrameDecoder(maxMessageBytes);
  }

  /** Adds bytes of the stream, and returns the complete messages. */
  *push(bytes: Uint8Array): Generator<Uint8Array> {
    for (let rest = bytes; rest.length > 0;) {
      const space = this.#decoder.space();
      const part = rest.subarray(0, space.length);
      space.set(part);
      this.#decoder.filled(part.length);
      rest = rest.subarray(part.length);
      for (let frame; (frame = this.#decoder.next()) !== null;) yield frame;
    }
  }

  /** Returns the bytes of the stream for a message. */
  frame(message: Uint8Array): Uint8Array {
    return encodeFrame(message);
  }
}
