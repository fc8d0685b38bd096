/**
 * The contract between the channel layer and the carriers of its bytes.
 *
 * A {@linkcode Transport} listens and connects. A {@linkcode Connection} has a
 * {@linkcode ByteStream} that carries bytes both ways. Frames, queues and
 * limits are not its concern. `testTransport` of `@denomas/denomas/testing`
 * checks every obligation that is stated here. Run it on your own transport.
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

/** Creates connections to addresses of one scheme. */
export interface Transport {
  /** The scheme of its addresses, without `://`. */
  readonly scheme: string;
  /**
   * Listens at `address` and passes each new connection to `accept`, which must
   * not throw.
   *
   * @throws {AddressInUseError} If another server listens there.
   * @throws {TypeError} If `address` does not have the form that the transport
   * needs.
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
   * @throws {TypeError} If `address` does not have the form that the transport
   * needs.
   */
  connect(
    address: string,
    options?: TransportConnectOptions,
  ): Promise<Connection>;
  /**
   * Uses renewed certificates in handshakes that begin after this, for accepted
   * and for outgoing connections. Without `changes`, reads the files again.
   * Options that `changes` omits stay as they are. Open connections are not
   * affected. If this rejects, nothing has changed. A transport without
   * certificates does not have this method.
   *
   * @throws {TypeError} If the certificates cannot be used.
   */
  renewCertificate?(changes?: TlsOptions): Promise<void>;
}

/** A listening socket. Returned by {@linkcode Transport.listen}. */
export interface Listener {
  /** The real address, including the port that the system chose. */
  readonly address: string;
  /**
   * Stops listening and frees the address. Accepted connections stay open.
   * Repeatable; never rejects.
   */
  close(): Promise<void>;
  /** Keeps the process alive while it listens, which is the default. */
  ref(): void;
  /** Lets the process end while it listens. */
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
   * The name in the certificate that the peer has proved to own.
   *
   * @default {null}
   */
  readonly peerName?: string | null;
  /**
   * The HTTP request that opened the connection, if there was one.
   *
   * @default {null}
   */
  readonly request?: UpgradeRequest | null;
  /**
   * Runs the handshake of an accepted connection, if it needs one, as with TLS.
   * Resolves to the connection that carries the bytes. It replaces this
   * connection, whose stream can only be closed. `signal` ends the handshake,
   * which then rejects with the signal's reason. The caller must make sure that
   * this happens after `timeoutMs` at the latest.
   *
   * @throws {HandshakeError} If the sides cannot agree.
   */
  readonly handshake?: (
    signal: AbortSignal,
    timeoutMs: number,
  ) => Promise<Connection>;
}

/**
 * A two-way stream of bytes, such as a `Deno.Conn`. It keeps the order of the
 * bytes, but may split and join chunks. Its user has at most one read and one
 * write pending, and calls `closeWrite` and `close` at most once.
 */
export interface ByteStream {
  /**
   * Reads into `into`. Resolves to the number of bytes, or to `null` at the
   * end. After a failed write, or when the peer has closed the stream, it must
   * reach the end or reject.
   */
  read(into: Uint8Array): Promise<number | null>;
  /**
   * Writes some of `bytes`, at least one byte. Resolves to the number of
   * written bytes once the caller may overwrite them. While the peer does not
   * read, it must wait sooner or later, so that no transport holds an unlimited
   * number of bytes.
   */
  write(bytes: Uint8Array): Promise<number>;
  /**
   * Ends this side's direction: the peer reads all written bytes, and then
   * `null`. Reading goes on until the peer ends its direction too.
   */
  closeWrite(): Promise<void>;
  /**
   * Ends both directions at once. Pending reads and writes reject. Bytes that
   * the peer has not read yet may be lost.
   */
  close(): void;
  /** Keeps the process alive while a read is pending, which is the default. */
  ref(): void;
  /** Lets the process end while a read is pending. */
  unref(): void;
}
