import type { Duplex } from "node:stream";
import type { ConnectionOptions, TlsOptions, TLSSocket } from "node:tls";
import { ConnectError, HandshakeError } from "../errors.ts";
import type { ByteEnd } from "../frames/byte_transport.ts";
import { printable } from "../printable.ts";
import { world } from "../_world.ts";
import type { TlsCredentials } from "./credentials.ts";
import { duplexOver, TlsStream } from "./_stream.ts";
import {
  judge,
  type OtherSide,
  ownRefusal,
  peerNameOf,
  refusal,
  theirRefusal,
  type Verdict,
  verdictByte,
  verdictOf,
} from "./_verdict.ts";

/**
 * By this ALPN name two sides know that each sends the other, first and in one
 * byte, its verdict on the other's certificate. In TLS 1.3 a client is done
 * before the server has seen its certificate: without the verdict it would be
 * connected, and then lose the connection without a reason. Other peers, such
 * as those of aiomas, do not offer the name and are not sent the byte.
 */
const PROTOCOL = "denomas";

/**
 * The margin after which Node gives up a handshake that this side should have
 * ended before. Node's timer counts the time in which this process is busy.
 */
const MARGIN_MS = 5_000;

/** The longest time that Node's timer can hold. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Options for {@linkcode secureClient}. */
export interface ClientHandshakeOptions {
  /** The connection to secure. */
  readonly end: ByteEnd;
  /** The address of the server. */
  readonly address: string;
  /** The name that the server's certificate must hold. */
  readonly serverName: string;
  /** Ends the handshake; it then rejects with the signal's reason. */
  readonly signal: AbortSignal;
}

/** Options for {@linkcode secureServer}. */
export interface ServerHandshakeOptions {
  /** The connection to secure. */
  readonly end: ByteEnd;
  /** Ends the handshake; it then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** Whether the client must show a certificate. */
  readonly demandsCert: boolean;
  /** The time after which `signal` ends the handshake, in milliseconds. */
  readonly timeoutMs: number;
}

/**
 * Secures a connection, as the client.
 *
 * @throws {ConnectError} If the sides cannot agree; its `cause` is a
 * `HandshakeError`.
 */
export async function secureClient(
  credentials: TlsCredentials,
  { end, address, serverName, signal }: ClientHandshakeOptions,
): Promise<ByteEnd> {
  try {
    return await new Handshake(credentials, end, {
      side: { other: "server", address },
      signal,
      checksPeer: true,
      host: serverName,
    }).run((duplex, done, failed) => {
      const socket = credentials.node.tls.connect(
        {
          ...nodeOptions(credentials),
          socket: duplex,
          ...(!isIpAddress(serverName) && { servername: serverName }),
          // `judge` checks it.
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
 * Secures a connection, as the server.
 *
 * @throws {HandshakeError} If the sides cannot agree.
 */
export async function secureServer(
  credentials: TlsCredentials,
  { end, signal, demandsCert, timeoutMs }: ServerHandshakeOptions,
): Promise<ByteEnd> {
  return await new Handshake(credentials, end, {
    side: { other: "client", address: end.remoteAddress },
    signal,
    checksPeer: demandsCert,
    host: null,
  }).run((duplex, done, failed) => {
    // It does not listen. With one server a connection, its error events tell
    // which connection failed.
    const server = credentials.node.tls.createServer(
      {
        ...nodeOptions(credentials),
        requestCert: demandsCert,
        // Node's timer outlives the connection and keeps all that belongs to
        // it, some 10 KiB: by default for two minutes.
        handshakeTimeout: Math.min(timeoutMs + MARGIN_MS, MAX_TIMER_MS),
      } satisfies TlsOptions & { allowHalfOpen: boolean },
      done,
    );
    server.on("tlsClientError", failed);
    server.emit("connection", duplex);
  });
}

function nodeOptions({ cert, key, ca, minVersion }: TlsCredentials): {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string[];
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly ALPNProtocols: string[];
  readonly allowHalfOpen: true;
  readonly rejectUnauthorized: false;
} {
  return {
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ca !== undefined && { ca }),
    minVersion,
    ALPNProtocols: [PROTOCOL],
    allowHalfOpen: true,
    // `judge` does it.
    rejectUnauthorized: false,
  };
}

interface HandshakeTask {
  readonly side: OtherSide;
  readonly signal: AbortSignal;
  /** Whether the other side must show a certificate. */
  readonly checksPeer: boolean;
  /** The host that it must name, or `null` for any. */
  readonly host: string | null;
}

type Begin = (
  duplex: Duplex,
  done: (socket: TLSSocket) => void,
  failed: (error: unknown) => void,
) => void;

class Handshake {
  readonly #credentials: TlsCredentials;
  readonly #end: ByteEnd;
  readonly #task: HandshakeTask;

  constructor(credentials: TlsCredentials, end: ByteEnd, task: HandshakeTask) {
    this.#credentials = credentials;
    this.#end = end;
    this.#task = task;
  }

  /** Runs it; `begin` starts Node's part. */
  async run(begin: Begin): Promise<ByteEnd> {
    const { side, signal } = this.#task;
    const isServer = side.other === "client";
    const { node } = this.#credentials;
    const duplex = duplexOver(this.#end.stream, node, isServer);
    // Its errors are reported elsewhere; without a listener one would end the
    // process.
    duplex.on("error", () => {});
    const onAbort = () => duplex.destroy();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      signal.throwIfAborted();
      if (isServer) await firstBytes(duplex);
      const socket = await socketOf(duplex, begin);
      const stream = new TlsStream(socket, this.#end.stream);
      await unlessClosed(duplex, this.#agree(socket, stream));
      return { ...this.#end, stream, peerName: peerNameOf(socket) };
    } catch (error) {
      duplex.destroy();
      signal.throwIfAborted();
      throw error instanceof HandshakeError ? error : failure(error, side);
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Exchanges verdicts with the other side. */
  async #agree(socket: TLSSocket, stream: TlsStream): Promise<void> {
    const { side, checksPeer, host } = this.#task;
    const { verdict, cause } = checksPeer
      ? judge(socket, host, this.#credentials.node)
      : { verdict: "accepted", cause: null } as const;
    const theirs = socket.alpnProtocol === PROTOCOL
      ? await exchange(stream, verdict)
      : "accepted";
    if (verdict !== "accepted") throw ownRefusal(verdict, side, cause);
    if (theirs === null) throw failure(null, side);
    if (theirs !== "accepted") throw theirRefusal(theirs, side);
  }
}

/**
 * Waits for the first bytes of a client. For a silent client nothing of Node's
 * TLS is made, which takes a millisecond.
 */
async function firstBytes(duplex: Duplex): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onEnd = () => reject(null);
  duplex.once("readable", resolve);
  duplex.once("close", onEnd);
  try {
    await promise;
  } finally {
    duplex.off("readable", resolve);
    duplex.off("close", onEnd);
  }
}

/** Resolves to the socket once its handshake is done; rejects at the end. */
async function socketOf(duplex: Duplex, begin: Begin): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const onEnd = () => reject(null);
  duplex.on("end", onEnd);
  duplex.on("close", onEnd);
  try {
    begin(duplex, resolve, reject);
    return await promise;
  } finally {
    duplex.off("end", onEnd);
    duplex.off("close", onEnd);
  }
}

/**
 * Waits for `work`, unless the connection is closed before. If that happens
 * just as the handshake is done, Node's socket emits no event.
 */
async function unlessClosed(
  duplex: Duplex,
  work: Promise<void>,
): Promise<void> {
  const { promise: closed, reject } = Promise.withResolvers<never>();
  // The last bytes of the other side may still be on their way.
  const onClose = () => world.defer(() => reject(null));
  if (duplex.destroyed) onClose();
  else duplex.on("close", onClose);
  try {
    await Promise.race([work, closed]);
  } finally {
    duplex.off("close", onClose);
  }
}

/**
 * Sends this side's verdict and returns the other's. A side that refuses reads
 * all the same: to close a socket with unread bytes would discard its verdict.
 */
async function exchange(
  stream: TlsStream,
  mine: Verdict,
): Promise<Verdict | null> {
  await stream.write(new Uint8Array([verdictByte(mine)]));
  if (mine !== "accepted") stream.closeWrite();
  const theirs = new Uint8Array(1);
  return await stream.read(theirs) === null ? null : verdictOf(theirs[0]!);
}

/** Returns the error for a failure of Node's TLS; `null` is an early end. */
function failure(cause: unknown, side: OtherSide): HandshakeError {
  const { other } = side;
  if (isEnd(cause)) {
    const text = other === "server"
      ? "the server ended the connection in the handshake, it may not speak TLS: set the option 'tls' there"
      : "the client ended the connection in the handshake, it may have given up, or not trust this server's certificate";
    return refusal(text, "ended", "peer", side, cause);
  }
  const code = codeOf(cause);
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER") {
    const text = `the ${other} does not speak TLS, set the option 'tls' there`;
    return refusal(text, "protocol", "local", side, cause);
  }
  const by = code.includes("ALERT") ? "peer" : "local";
  const words = cause instanceof Error ? cause.message : String(cause);
  const text = `the TLS handshake failed: ${printable(words)}`;
  return refusal(text, "protocol", by, side, cause);
}

function isEnd(cause: unknown): boolean {
  return cause === null || codeOf(cause) === "ECONNRESET" ||
    cause instanceof Deno.errors.ConnectionReset ||
    cause instanceof Deno.errors.BrokenPipe;
}

/** Returns the code that tells Node's errors apart. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** TLS sends no server name that is an IP address. */
function isIpAddress(host: string): boolean {
  return host.includes(":") || /^\d+(\.\d+){3}$/.test(host);
}
