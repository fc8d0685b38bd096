/**
 * The contract between the channel layer and the carriers of its bytes.
 *
 * A {@linkcode Transport} listens and connects. A {@linkcode Connection} has a
 * {@linkcode ByteStream} that carries bytes both ways; frames, queues and limits
 * are the channel's. `testTransport` of `@denomas/denomas/testing` checks every
 * obligation that is stated here; run it on your own transport.
 */

import type { TlsOptions } from "./tls/options.ts";
import type { UpgradeRequest } from "./upgrade_request.ts";

/** Options for {@linkcode Transport.listen}. */
export interface TransportListenOptions {
  /**
   * Called with each error that belongs to no connection, such as a failed
   * accept.
   */
  readonly onError?: (error: unknown) => void;
}

/** Options for {@linkcode Transport.connect}. */
export interface TransportConnectOptions {
  /** Ends the attempt; `connect` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Makes connections to addresses of one scheme. */
export interface Transport {
  /** The scheme of its addresses, without `://`. */
  readonly scheme: string;
  /**
   * Listens at `address` and hands each new connection to `accept`, which
   * must not throw.
   *
   * @throws {AddressInUseError} If another server listens there.
   * @throws {TypeError} If `address` does not have the form that it needs.
   */
  listen(
    address: string,
    accept: (connection: Connection) => void,
    options?: TransportListenOptions,
  ): Promise<Listener>;
  /**
   * Makes one attempt to connect to `address`.
   *
   * @throws {ConnectError} If no server can be reached there.
   * @throws {TypeError} If `address` does not have the form that it needs.
   */
  connect(
    address: string,
    options?: TransportConnectOptions,
  ): Promise<Connection>;
  /**
   * Takes up renewed certificates, for handshakes that begin after this: of
   * connections that it accepts, and of those that it makes. Without `changes`,
   * files are read again; what `changes` leave out stays. Open connections stay.
   * If this rejects, nothing has changed. A transport without certificates does
   * not have this method.
   *
   * @throws {TypeError} If the certificates cannot be used.
   */
  renewCertificate?(changes?: TlsOptions): Promise<void>;
}

/** A listening socket. Returned by {@linkcode Transport.listen}. */
export interface Listener {
  /** The real address: an ephemeral port is filled in. */
  readonly address: string;
  /**
   * Ends listening and frees the address. Accepted connections go on.
   * Repeatable; never rejects.
   */
  close(): Promise<void>;
  /** Keeps the process alive while it listens, as it does at first. */
  ref(): void;
  /** Lets the process end although it listens. */
  unref(): void;
}

/**
 * One end of a connection. Its holder owns the stream and must close it, or read
 * it to its end and then close it.
 */
export interface Connection {
  /** The bytes, both ways. */
  readonly stream: ByteStream;
  /** The address of this end. */
  readonly localAddress: string;
  /** The address of the other end. */
  readonly remoteAddress: string;
  /**
   * The name in the certificate that the peer proved to own.
   *
   * @default {null}
   */
  readonly peerName?: string | null;
  /**
   * The HTTP request by which the peer opened the connection, if it did.
   *
   * @default {null}
   */
  readonly request?: UpgradeRequest | null;
  /**
   * Does the handshake of an accepted connection, if it begins with one as with
   * TLS. Resolves to the connection that carries the bytes, in the place of this
   * one, whose stream can only be closed. `signal` ends the handshake, which then
   * rejects with the signal's reason; the caller sees to it that this happens
   * after `timeoutMs` at the latest.
   *
   * @throws {HandshakeError} If the sides cannot agree.
   */
  readonly handshake?: (
    signal: AbortSignal,
    timeoutMs: number,
  ) => Promise<Connection>;
}

/**
 * A two-way stream of bytes, such as a `Deno.Conn`. It keeps their order, and
 * may cut and join them as it likes. Its user has at most one read and one write
 * pending, and calls `closeWrite` and `close` at most once.
 */
export interface ByteStream {
  /**
   * Reads into `into`. Resolves to the number of bytes, or to `null` at the
   * end. After a failed write, or when the peer has closed the stream, it must
   * come to an end or reject.
   */
  read(into: Uint8Array): Promise<number | null>;
  /**
   * Writes some of `bytes`, at least one. Resolves to their number once the
   * caller may overwrite them. While the peer does not read, it must wait sooner
   * or later, so that no transport holds any number of bytes.
   */
  write(bytes: Uint8Array): Promise<number>;
  /**
   * Ends this side's direction: the peer reads all that was written, and then
   * `null`. Reading goes on until the peer ends its direction too.
   */
  closeWrite(): Promise<void>;
  /**
   * Ends both directions at once; pending reads and writes reject. What the peer
   * has not read yet may be lost.
   */
  close(): void;
  /** Keeps the process alive while a read is pending, as it does at first. */
  ref(): void;
  /** Lets the process end although a read is pending. */
  unref(): void;
}
