import { Chunks } from "../_chunks.ts";
import { DenomasError } from "../errors.ts";
import type { ByteStream } from "../transport.ts";

/** The most bytes in transit or unread before a writer waits. */
const WINDOW_BYTES = 256 * 1_024;

/**
 * A message between the two ends of a connection: bytes, the number of bytes
 * that were read, the end of one direction, or the end of both.
 */
type PortMessage = Uint8Array | number | "end" | "close";

/** A byte stream over a `MessagePort`, which it owns. */
export class PortStream implements ByteStream {
  readonly #port: MessagePort;
  readonly #chunks: Chunks = new Chunks();
  /** The number of bytes that the peer has not read. */
  #unread = 0;
  /** `ended`: the peer sends no more. `gone`: it does not read either. */
  #peer: "open" | "ended" | "gone" = "open";
  #isClosed = false;
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};

  /** Takes ownership of `port`. */
  constructor(port: MessagePort) {
    this.#port = port;
    port.onmessage = ({ data }) => this.#receive(data);
    // Not all platforms have this event. Elsewhere heartbeats detect the end.
    port.addEventListener("close", () => this.#receive("close"));
  }

  async read(into: Uint8Array): Promise<number | null> {
    while (this.#chunks.isEmpty) {
      this.#checkOpen();
      if (this.#peer !== "open") return null;
      await new Promise<void>((resolve) => this.#wakeReader = resolve);
    }
    this.#checkOpen();
    const filled = this.#chunks.take(into);
    this.#post(filled);
    return filled;
  }

  async write(bytes: Uint8Array): Promise<number> {
    while (this.#unread >= WINDOW_BYTES && this.#canWrite()) {
      await new Promise<void>((resolve) => this.#wakeWriter = resolve);
    }
    if (!this.#canWrite()) throw closedError();
    const part = bytes.slice(0, WINDOW_BYTES - this.#unread);
    const { length } = part;
    this.#unread += length;
    // Transferred, to save another copy.
    this.#port.postMessage(part satisfies PortMessage, [part.buffer]);
    return length;
  }

  // deno-lint-ignore require-await -- it must reject, not throw
  async closeWrite(): Promise<void> {
    if (this.#canWrite()) this.#post("end");
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#chunks.clear();
    this.#port.postMessage("close" satisfies PortMessage);
    this.#port.close();
    this.#wakeReader();
    this.#wakeWriter();
  }

  ref(): void {
    // Deno and Node have this method. A page ends with its window.
    (this.#port as { ref?(): void }).ref?.();
  }

  unref(): void {
    (this.#port as { unref?(): void }).unref?.();
  }

  #receive(message: PortMessage): void {
    if (this.#isClosed) return;
    if (typeof message === "number") {
      this.#unread -= message;
    } else if (typeof message === "string") {
      if (this.#peer !== "gone") {
        this.#peer = message === "end" ? "ended" : "gone";
      }
    } else {
      this.#chunks.push(message);
    }
    this.#wakeReader();
    this.#wakeWriter();
  }

  #post(message: PortMessage): void {
    if (this.#peer !== "gone") this.#port.postMessage(message);
  }

  #canWrite(): boolean {
    return !this.#isClosed && this.#peer !== "gone";
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closedError();
  }
}

function closedError(): DenomasError {
  return new DenomasError("Cannot use a port: it is closed");
}
