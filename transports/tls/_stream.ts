import type * as stream from "node:stream";
import type { TLSSocket } from "node:tls";
import type { ByteStream } from "../frames/framed_connection.ts";
import type { NodeModules } from "./_node.ts";

/** An idle connection holds no larger buffer. */
const LEAST_READ_BYTES = 4 * 1024;
const MOST_READ_BYTES = 64 * 1024;

/**
 * So much is handed over at once: what waits for a peer that reads slowly is
 * seen to grow less, and is not copied twice.
 */
const WRITE_BYTES = 64 * 1024;

/** What every TLS client sends first is a record of this type. */
const HANDSHAKE_RECORD = 0x16;

/** The alert that the version of the protocol is wrong. */
const WRONG_PROTOCOL = new Uint8Array([0x15, 3, 3, 0, 2, 2, 70]);

/** What is known of a socket. */
export interface DuplexOptions {
  /** Tells a peer that does not begin with a handshake what is wanted here. */
  readonly wantsHandshake: boolean;
}

/**
 * A socket of Deno as Node's TLS takes it. Node's own sockets would not do: a
 * server of Node stops accepting for good once files ran out, and one without
 * permission ends the process.
 */
export function duplexOver(
  conn: Deno.TcpConn,
  { Duplex }: NodeModules,
  { wantsHandshake }: DuplexOptions,
): stream.Duplex {
  let size = LEAST_READ_BYTES;
  let isFirst = true;
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: async () => {
      const buffer = new Uint8Array(size);
      try {
        const bytes = await conn.read(buffer);
        // Node would close without a word.
        const isWrong = isFirst && bytes !== null &&
          buffer[0] !== HANDSHAKE_RECORD;
        isFirst = false;
        if (wantsHandshake && isWrong) await writeAll(conn, WRONG_PROTOCOL);
        size = bytes === size
          ? Math.min(2 * size, MOST_READ_BYTES)
          : LEAST_READ_BYTES;
        duplex.push(bytes === null ? null : buffer.subarray(0, bytes));
      } catch (error) {
        duplex.destroy(asError(error));
      }
    },
    write: async (chunk: Uint8Array, _encoding, done) => {
      try {
        await writeAll(conn, chunk);
      } catch {
        // Reading goes on: it brings what the peer sent before it left, and
        // then the end.
      }
      done();
    },
    destroy: (error, done) => {
      conn.close();
      done(error);
    },
  });
  return duplex;
}

async function writeAll(conn: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  let rest = bytes;
  while (rest.length > 0) rest = rest.subarray(await conn.write(rest));
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** What is read and written through TLS. It owns the socket below. */
export class TlsStream implements ByteStream {
  readonly #socket: TLSSocket;
  readonly #conn: Deno.TcpConn;
  #error: Error | null = null;
  #hasEnded = false;
  #wake: () => void = () => {};
  #failWrite: (error: Error) => void = () => {};

  /** Takes over both: `socket`, whose handshake is done, and what carries it. */
  constructor(socket: TLSSocket, conn: Deno.TcpConn) {
    this.#socket = socket;
    this.#conn = conn;
    // Then it tells nothing any more.
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
      // Asked for nothing it fetches more, and notices the end.
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
      // What is under way when the socket closes is not called back.
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
    this.#conn.ref();
  }

  unref(): void {
    this.#conn.unref();
  }
}

function closedError(): Error {
  return new Deno.errors.ConnectionReset("The socket is closed");
}
