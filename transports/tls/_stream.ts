import type * as stream from "node:stream";
import type { TLSSocket } from "node:tls";
import type { ByteStream } from "../transport.ts";
import type { NodeModules } from "./credentials.ts";

/** The read buffer of an idle connection. */
const LEAST_READ_BYTES = 4 * 1024;
const MOST_READ_BYTES = 64 * 1024;

/**
 * The bytes that are handed to Node at once. With small parts, progress towards
 * a slow peer can be seen, and the rest is not copied twice.
 */
const WRITE_BYTES = 64 * 1024;

/** The type of the first record of every TLS client. */
const HANDSHAKE_RECORD = 0x16;

/** The alert for a wrong version of the protocol. */
const WRONG_PROTOCOL = new Uint8Array([0x15, 3, 3, 0, 2, 2, 70]);

/**
 * Returns `bytes` in the form that Node's TLS takes. Node's own sockets have
 * two faults: a server stops accepting for good once files run out, and one
 * without permission ends the process.
 *
 * @param wantsHandshake Whether to send an alert to a peer that does not start
 * with a handshake.
 */
export function duplexOver(
  bytes: ByteStream,
  { Duplex }: NodeModules,
  wantsHandshake: boolean,
): stream.Duplex {
  let size = LEAST_READ_BYTES;
  let isFirst = true;
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: async () => {
      const buffer = new Uint8Array(size);
      try {
        const length = await bytes.read(buffer);
        // Node would close without an alert.
        const isWrong = isFirst && length !== null &&
          buffer[0] !== HANDSHAKE_RECORD;
        isFirst = false;
        if (wantsHandshake && isWrong) await writeAll(bytes, WRONG_PROTOCOL);
        size = length === size
          ? Math.min(2 * size, MOST_READ_BYTES)
          : LEAST_READ_BYTES;
        duplex.push(length === null ? null : buffer.subarray(0, length));
      } catch (error) {
        duplex.destroy(asError(error));
      }
    },
    write: async (chunk: Uint8Array, _encoding, done) => {
      try {
        await writeAll(bytes, chunk);
      } catch {
        // Reading goes on, for the last bytes of the peer and the end.
      }
      done();
    },
    destroy: (error, done) => {
      bytes.close();
      done(error);
    },
  });
  return duplex;
}

async function writeAll(bytes: ByteStream, chunk: Uint8Array): Promise<void> {
  let rest = chunk;
  while (rest.length > 0) rest = rest.subarray(await bytes.write(rest));
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** The bytes inside TLS. It owns the stream below. */
export class TlsStream implements ByteStream {
  readonly #socket: TLSSocket;
  readonly #below: ByteStream;
  #error: Error | null = null;
  #hasEnded = false;
  #wake: () => void = () => {};
  #failWrite: (error: Error) => void = () => {};

  /** Takes over `socket`, whose handshake is done, and the stream below it. */
  constructor(socket: TLSSocket, below: ByteStream) {
    this.#socket = socket;
    this.#below = below;
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
      const held = this.#socket.readableLength;
      // A read of 0 bytes makes it fetch more, and notice the end.
      const bytes: Uint8Array | null = this.#socket.read(
        Math.min(held, into.length),
      );
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
      // A socket that closes does not call back for writes under way.
      this.#failWrite = reject;
      this.#socket.write(part, (error?: Error | null) => {
        if (error) reject(error);
        else resolve(part.length);
      });
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve) => this.#socket.end(resolve));
  }

  close(): void {
    this.#socket.destroy();
  }

  ref(): void {
    this.#below.ref();
  }

  unref(): void {
    this.#below.unref();
  }
}

function closedError(): Error {
  return new Deno.errors.ConnectionReset("The socket is closed");
}
