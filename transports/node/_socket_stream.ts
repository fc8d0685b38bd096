import type { Duplex } from "node:stream";
import type { ByteStream } from "../transport.ts";

/**
 * The most bytes passed to Node at once. With small parts, progress towards a
 * slow peer is visible, and the rest is not copied twice.
 */
const WRITE_BYTES = 64 * 1_024;

/** The object whose `ref` keeps the process alive. */
type Holder = Pick<ByteStream, "ref" | "unref">;

/** A byte stream over a Node socket, which it owns. */
export class SocketStream implements ByteStream {
  readonly #socket: Duplex;
  readonly #holder: Holder;
  #error: Error | null = null;
  #hasEnded = false;
  #wake: () => void = () => {};
  #failWrite: (error: Error) => void = () => {};

  /**
   * Takes ownership of `socket`, which is connected. `holder` keeps the process
   * alive for it, and `closedError` creates the error for its end.
   */
  constructor(socket: Duplex, holder: Holder, closedError: () => Error) {
    this.#socket = socket;
    this.#holder = holder;
    // A destroyed socket emits no more events.
    if (socket.destroyed) this.#error = closedError();
    socket.on("readable", () => this.#wake());
    socket.on("end", () => {
      this.#hasEnded = true;
      this.#wake();
    });
    socket.on("error", (error: Error) => {
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
      // A read of 0 bytes makes the socket fetch more, and notice the end.
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
      // A socket that closes does not call back for pending writes.
      this.#failWrite = reject;
      this.#socket.write(part, (error?: Error | null) => {
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
    this.#holder.ref();
  }

  unref(): void {
    this.#holder.unref();
  }
}
