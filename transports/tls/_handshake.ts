import type { Duplex } from "node:stream";
import type { ConnectionOptions, TlsOptions, TLSSocket } from "node:tls";
import { ConnectError, HandshakeError } from "../errors.ts";
import type { ByteStream, Connection } from "../transport.ts";
import { observed } from "../_observers.ts";
import { printable } from "../printable.ts";
import { world } from "../_world.ts";
import type { TlsCredentials } from "./credentials.ts";
import { duplexOver, tlsStream } from "./_stream.ts";
import {
  type HandshakeTask,
  judge,
  type Judgement,
  ownRefusal,
  peerNameOf,
  refusal,
  theirRefusal,
  type Verdict,
  verdictByte,
  verdictOf,
} from "./_verdict.ts";

/**
 * The ALPN name by which two sides know that each first sends the other one
 * byte, its verdict on the other's certificate. In TLS 1.3 a client is done
 * before the server has seen its certificate. Without the verdict, the client
 * would be connected, and then lose the connection without a reason. Other
 * peers, such as those of aiomas, do not offer the name and do not get the
 * byte.
 */
const PROTOCOL = "denomas";

/**
 * The margin after which Node gives up a handshake that this side should have
 * ended before. Node's timer also counts time in which this process is busy.
 */
const MARGIN_MS = 5_000;

/** The longest time that Node's timer supports. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Secures a connection as the client.
 *
 * @throws {ConnectError} If the sides cannot agree. Its `cause` is a
 * `HandshakeError`.
 */
export async function secureClient(
  credentials: TlsCredentials,
  task: HandshakeTask & { readonly host: string },
): Promise<Connection> {
  const { address, host } = task;
  try {
    return await secure(credentials, task, (duplex, done, failed) => {
      const socket = credentials.node.tls.connect(
        {
          ...nodeOptions(credentials),
          socket: duplex,
          ...(!isIpAddress(host) && { servername: host }),
          // `judge` checks the identity.
          checkServerIdentity: () => undefined,
        } satisfies ConnectionOptions & { allowHalfOpen: boolean },
        () => done(socket),
      );
      socket.on("error", failed);
    });
  } catch (error) {
    if (!(error instanceof HandshakeError)) throw error;
    throw new ConnectError(error.message, { address, cause: error });
  }
}

/**
 * Secures a connection as the server. `timeoutMs` is the time after which the
 * signal of the task ends the handshake.
 *
 * @throws {HandshakeError} If the sides cannot agree.
 */
export async function secureServer(
  credentials: TlsCredentials,
  task: HandshakeTask,
  timeoutMs: number,
): Promise<Connection> {
  return await secure(credentials, task, (duplex, done, failed) => {
    // This server does not listen. With one server per connection, its error
    // events show which connection failed.
    const server = credentials.node.tls.createServer(
      {
        ...nodeOptions(credentials),
        requestCert: credentials.demandsCert,
        // Node's timer outlives the connection and keeps its objects, about 10
        // KiB: by default for two minutes.
        handshakeTimeout: Math.min(timeoutMs + MARGIN_MS, MAX_TIMER_MS),
      } satisfies TlsOptions & { allowHalfOpen: boolean },
      done,
    );
    server.on("tlsClientError", failed);
    server.emit("connection", duplex);
  });
}

function nodeOptions({ cert, key, ca, minVersion }: TlsCredentials) {
  return {
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ca !== undefined && { ca }),
    minVersion,
    ALPNProtocols: [PROTOCOL],
    allowHalfOpen: true,
    // `judge` rejects.
    rejectUnauthorized: false,
  };
}

type Begin = (
  duplex: Duplex,
  done: (socket: TLSSocket) => void,
  failed: (error: unknown) => void,
) => void;

/** Runs a handshake. `begin` starts Node's part of it. */
async function secure(
  { node, demandsCert }: TlsCredentials,
  task: HandshakeTask,
  begin: Begin,
): Promise<Connection> {
  const { connection, host, signal } = task;
  const isServer = task.other === "client";
  const duplex = duplexOver(connection.stream, node, isServer);
  // Its errors are reported elsewhere. An error without a listener would end
  // the process.
  duplex.on("error", () => {});
  const onAbort = () => duplex.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    // For a silent client, no TLS object of Node is created, which takes 1 ms.
    if (isServer) {
      const heard = new Promise((resolve) => duplex.once("readable", resolve));
      await beforeEnd(duplex, ["close"], heard);
    }
    const begun = new Promise<TLSSocket>((resolve, reject) =>
      begin(duplex, resolve, reject)
    );
    const socket = await beforeEnd(duplex, ["end", "close"], begun);
    const stream = tlsStream(socket, connection.stream);
    const { verdict, cause }: Judgement = isServer && !demandsCert
      ? { verdict: "accepted", cause: null }
      : judge(socket, host, node);
    // If the connection is closed just when the handshake is done, Node's
    // socket emits no event.
    const theirs = await beforeEnd(
      duplex,
      ["close"],
      exchange(socket, stream, verdict),
    );
    if (verdict !== "accepted") throw ownRefusal(verdict, task, cause);
    if (theirs === null) throw failure(null, task);
    if (theirs !== "accepted") throw theirRefusal(theirs, task);
    const secured = { ...connection, stream, peerName: peerNameOf(socket) };
    observed.by?.owned(connection, secured);
    return secured;
  } catch (error) {
    duplex.destroy();
    signal.throwIfAborted();
    throw error instanceof HandshakeError ? error : failure(error, task);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * Settles as `work` does. Rejects with `null` if the connection ends earlier,
 * by any of `events`.
 */
async function beforeEnd<T>(
  duplex: Duplex,
  events: readonly ("end" | "close")[],
  work: Promise<T>,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  // The last bytes of the other side may still be on their way.
  const onEnd = () => world.defer(() => reject(null));
  for (const event of events) duplex.on(event, onEnd);
  if (duplex.destroyed) onEnd();
  try {
    return await Promise.race([work, promise]);
  } finally {
    for (const event of events) duplex.off(event, onEnd);
  }
}

/**
 * Sends this side's verdict and returns the peer's, if it has one. A side that
 * refuses also reads: closing a socket with unread bytes would discard its
 * verdict.
 */
async function exchange(
  socket: TLSSocket,
  stream: ByteStream,
  mine: Verdict,
): Promise<Verdict | null> {
  if (socket.alpnProtocol !== PROTOCOL) return "accepted";
  await stream.write(new Uint8Array([verdictByte(mine)]));
  if (mine !== "accepted") stream.closeWrite();
  const theirs = new Uint8Array(1);
  return await stream.read(theirs) === null ? null : verdictOf(theirs[0]!);
}

/** Returns the error for a failure of Node's TLS. `null` is an early end. */
function failure(cause: unknown, task: HandshakeTask): HandshakeError {
  const { other } = task;
  if (isEnd(cause)) {
    const text = other === "server"
      ? "the server ended the connection in the handshake, it may not speak TLS: set the option 'tls' there"
      : "the client ended the connection in the handshake, it may have given up, or not trust this server's certificate";
    return refusal(text, "ended", "peer", task, cause);
  }
  const code = codeOf(cause);
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER") {
    const text = `the ${other} does not speak TLS, set the option 'tls' there`;
    return refusal(text, "not-tls", "local", task, cause);
  }
  const by = code.includes("ALERT") ? "peer" : "local";
  const words = cause instanceof Error ? cause.message : String(cause);
  const text = `the TLS handshake failed: ${printable(words)}`;
  return refusal(text, "protocol", by, task, cause);
}

function isEnd(cause: unknown): boolean {
  return cause === null || codeOf(cause) === "ECONNRESET" ||
    cause instanceof Deno.errors.ConnectionReset ||
    cause instanceof Deno.errors.BrokenPipe;
}

/** Returns the code of an error of Node. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** TLS sends no server name for an IP address. */
function isIpAddress(host: string): boolean {
  return host.includes(":") || /^\d+(\.\d+){3}$/.test(host);
}
