import type { Duplex } from "node:stream";
import type { ConnectionOptions, TlsOptions, TLSSocket } from "node:tls";
import { HandshakeError } from "../errors.ts";
import type { TlsCredentials } from "./_credentials.ts";
import type { NodeModules } from "./_node.ts";
import { world } from "../_world.ts";
import { printable } from "../printable.ts";
import { duplexOver, TlsStream } from "./_stream.ts";
import {
  judge,
  ownRefusal,
  peerName,
  refusal,
  type Sides,
  theirRefusal,
  type Verdict,
  verdictByte,
  verdictOf,
} from "./_verdict.ts";

/**
 * By this ALPN name two sides know that both tell each other, in one byte, what
 * they think of the other's certificate, before anything else. In TLS 1.3 a
 * client is done before the server has seen its certificate: without this it
 * would be connected, and then lose the connection for no reason that it knows.
 * Other peers, such as those of aiomas, do not name it and see none of this.
 */
const PROTOCOL = "denomas";

/** What both sides of a handshake need. */
export interface HandshakeOptions {
  readonly conn: Deno.TcpConn;
  /** Ends it; then it rejects with the signal's reason. */
  readonly signal: AbortSignal;
  readonly credentials: TlsCredentials;
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly node: NodeModules;
  readonly sides: Sides;
}

/** A connection that both sides accept. */
export interface Secured {
  readonly stream: TlsStream;
  /** The name that the other side's certificate proved. */
  readonly peer: string | null;
}

/**
 * Makes a connection secure, as the client. `host` is what the server's
 * certificate must be for.
 *
 * @throws {HandshakeError} If the sides cannot agree.
 */
export function secureClient(
  options: HandshakeOptions,
  host: string,
): Promise<Secured> {
  const { tls } = options.node;
  return secure(options, { checksPeer: true, host }, (duplex, done, failed) => {
    const socket = tls.connect(
      {
        ...common(options),
        socket: duplex,
        ...(!isIpAddress(host) && { servername: host }),
        // Looked at in `judge`.
        checkServerIdentity: () => undefined,
      } satisfies ConnectionOptions & { allowHalfOpen: boolean },
      () => done(socket),
    );
    socket.on("error", failed);
  });
}

/**
 * Makes a connection secure, as the server.
 *
 * @throws {HandshakeError} If the sides cannot agree.
 */
export function secureServer(
  options: HandshakeOptions,
  { demandsCert, giveUpMs }: {
    readonly demandsCert: boolean;
    /** When Node forgets a handshake; it should have ended long before. */
    readonly giveUpMs: number;
  },
): Promise<Secured> {
  const { tls } = options.node;
  const checks = { checksPeer: demandsCert, host: null };
  return secure(options, checks, (duplex, done, failed) => {
    // It does not listen: one server a connection is how Node tells which
    // connection it is that failed.
    const server = tls.createServer(
      {
        ...common(options),
        requestCert: demandsCert,
        // The handshake is ended from outside, before. But Node's timer goes
        // on when the connection has ended, and holds all that belongs to it,
        // some 10 KiB: for two minutes if nothing is said.
        handshakeTimeout: giveUpMs,
      } satisfies TlsOptions & { allowHalfOpen: boolean },
      done,
    );
    server.on("tlsClientError", failed);
    server.emit("connection", duplex);
  });
}

function common({ credentials, minVersion }: HandshakeOptions): {
  readonly cert?: string;
  readonly key?: string;
  readonly ca?: string[];
  readonly minVersion: "TLSv1.2" | "TLSv1.3";
  readonly ALPNProtocols: string[];
  readonly allowHalfOpen: true;
  readonly rejectUnauthorized: false;
} {
  const { cert, key, ca } = credentials;
  return {
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(ca !== undefined && { ca: [...ca] }),
    minVersion,
    ALPNProtocols: [PROTOCOL],
    allowHalfOpen: true,
    // Looked at in `judge`.
    rejectUnauthorized: false,
  };
}

type Begin = (
  duplex: Duplex,
  done: (socket: TLSSocket) => void,
  failed: (error: unknown) => void,
) => void;

interface Checks {
  readonly checksPeer: boolean;
  readonly host: string | null;
}

async function secure(
  options: HandshakeOptions,
  checks: Checks,
  begin: Begin,
): Promise<Secured> {
  const { conn, signal, node, sides } = options;
  const wantsHandshake = sides.other === "client";
  const duplex = duplexOver(conn, node, { wantsHandshake });
  // Each is told of elsewhere, and would end the process if nobody listened.
  duplex.on("error", () => {});
  const onAbort = () => duplex.destroy();
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    if (wantsHandshake) await hasBegun(duplex);
    const socket = await firstOf(duplex, begin);
    const stream = new TlsStream(socket, conn);
    await unlessClosed(duplex, agree(socket, stream, checks, options));
    return { stream, peer: peerName(socket) };
  } catch (error) {
    duplex.destroy();
    signal.throwIfAborted();
    throw error instanceof HandshakeError ? error : failure(error, sides);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/**
 * Waits until a client has sent something: for one that is silent nothing of
 * Node's TLS is made, which takes a millisecond each.
 */
async function hasBegun(duplex: Duplex): Promise<void> {
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

/** The socket once its handshake is done, unless the connection ends before. */
async function firstOf(duplex: Duplex, begin: Begin): Promise<TLSSocket> {
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
 * Waits for `work`, unless the connection is closed before: when that happens
 * at the moment at which the handshake is done, Node's socket tells nobody.
 */
async function unlessClosed(
  duplex: Duplex,
  work: Promise<void>,
): Promise<void> {
  const { promise: closed, reject } = Promise.withResolvers<never>();
  // What the other side has said before may still be on its way.
  const onClose = () => world.defer(() => reject(null));
  if (duplex.destroyed) onClose();
  else duplex.on("close", onClose);
  try {
    await Promise.race([work, closed]);
  } finally {
    duplex.off("close", onClose);
  }
}

/** Tells the other side what this one thinks of it, and hears the same. */
async function agree(
  socket: TLSSocket,
  stream: TlsStream,
  { checksPeer, host }: Checks,
  { node, sides }: HandshakeOptions,
): Promise<void> {
  const judgement = checksPeer
    ? judge(socket, host, node)
    : { verdict: "accepted", cause: null } as const;
  const { verdict } = judgement;
  const theirs = socket.alpnProtocol === PROTOCOL
    ? await exchange(stream, verdict)
    : "accepted";
  if (verdict !== "accepted") {
    throw ownRefusal({ ...judgement, verdict }, sides);
  }
  if (theirs === null) throw failure(null, sides);
  if (theirs !== "accepted") throw theirRefusal(theirs, sides);
}

/**
 * Both send at once. A side that refuses reads all the same: to close a socket
 * that holds unread bytes would take its verdict from the other side.
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

/** What it means that Node's TLS failed; `null` is that the connection ended. */
function failure(cause: unknown, sides: Sides): HandshakeError {
  const { other } = sides;
  if (isEnd(cause)) {
    const text = other === "server"
      ? "the server ended the connection in the handshake, it may not speak TLS: set the option 'tls' there"
      : "the client ended the connection in the handshake, it may have given up, or not trust this server's certificate";
    return refusal(text, "ended", "peer", sides, cause);
  }
  const code = codeOf(cause);
  if (code === "ERR_SSL_WRONG_VERSION_NUMBER") {
    const text = `the ${other} does not speak TLS, set the option 'tls' there`;
    return refusal(text, "protocol", "local", sides, cause);
  }
  const by = code.includes("ALERT") ? "peer" : "local";
  const words = cause instanceof Error ? cause.message : String(cause);
  const text = `the TLS handshake failed: ${printable(words)}`;
  return refusal(text, "protocol", by, sides, cause);
}

function isEnd(cause: unknown): boolean {
  return cause === null || codeOf(cause) === "ECONNRESET" ||
    cause instanceof Deno.errors.ConnectionReset ||
    cause instanceof Deno.errors.BrokenPipe;
}

/** The code by which Node tells its errors apart. */
function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** An address of IP, which may not be asked for by name. */
function isIpAddress(host: string): boolean {
  return host.includes(":") || /^\d+(\.\d+){3}$/.test(host);
}
