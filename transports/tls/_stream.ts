import type * as stream from "node:stream";
import type { TLSSocket } from "node:tls";
import { SocketStream } from "../node/_socket_stream.ts";
import type { ByteStream } from "../transport.ts";
import type { NodeModules } from "./credentials.ts";

/** The size of the read buffer of an idle connection. */
const LEAST_READ_BYTES = 4 * 1024;
const MOST_READ_BYTES = 64 * 1024;

/** The type of the first record of every TLS client. */
const HANDSHAKE_RECORD = 0x16;

/** The alert for a wrong version of the protocol. */
const WRONG_PROTOCOL = new Uint8Array([0x15, 3, 3, 0, 2, 2, 70]);

/**
 * Returns `bytes` as a stream for Node's TLS. Node's own sockets have two
 * faults: a server stops accepting for good once files run out, and a server
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
        // Node would close the connection without an alert.
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

/**
 * Returns the stream of decrypted bytes over `socket`, whose handshake is done.
 * It owns the stream below.
 */
export function tlsStream(socket: TLSSocket, below: ByteStream): ByteStream {
  return new SocketStream(socket, below, closedError);
}

function closedError(): Error {
  return new Deno.errors.ConnectionReset("The socket is closed");
}
