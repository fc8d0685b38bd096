import type { Socket } from "node:net";
import type { ByteStream } from "../transport.ts";

/** The bytes that are handed to the socket at once. */
const WRITE_BYTES = 64 * 1_024;

/** A stream of bytes over a socket of Node, which it owns. */
export class SocketStream implements ByteStream {
  readonly #socket: Socket;
  #error: Error | null = null;
  #hasEnded = false;
  #wake: () => void = () => {};
  #failWrite: (error: Error) => void = () => {};

  /** Takes over `socket`, which is connected. */
  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("readable", () => this.#wake());
    socket.on("end", () => {
      this.#hasEnded = true;
      this.#wake();
    });
    socket.on("error", (error) => {
      this.#error = error;
      this.#wake();
    });
    socket.on("close", () => {
      this.#error ??= closedError();
      this.#wake();
      this.#failWrite(this.#error);
    });
  }

  async read(into: Uint8Array): Promise<number | null> {
    for (;;) {
      const length = Math.min(this.#socket.readableLength, into.length);
      // A read of 0 bytes makes it fetch more, and notice the end.
      const bytes: Uint8Array | null = this.#socket.read(length);
      if (bytes !== null) {
        into.set(bytes);
        return bytes.length;
      }
      if (this.#hasEnded) return null;
      if (this.#error !== null) throw this.#error;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    const part = bytes.subarray(0, WRITE_BYTES);
    return new Promise((resolve, reject) => {
      if (this.#error !== null) return reject(this.#error);
      // A socket that closes does not call back for writes under way.
      this.#failWrite = reject;
      this.#socket.write(part, (error) => {
        if (error) reject(error);
        else resolve(part.length);
      });
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(() => resolve()));
  }

  close(): void {
    this.#socket.destroy();
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }
}

function closedError(): Error {
  return new Error("The socket is closed");
}
