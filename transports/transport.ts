/**
 * The contract between the channel layer and whatever carries its bytes.
 *
 * A {@linkcode Transport} listens and connects. A {@linkcode Connection}
 * carries whole frames both ways. `testing/transport_suite/transport_suite.ts` checks every
 * obligation named here; run it on a transport of your own.
 */

import type { HandshakeError } from "./errors.ts";

/** Options for {@linkcode Transport.listen}. */
export interface TransportListenOptions {
  /**
   * The longest payload that may be received or sent, in bytes.
   *
   * @default {16_777_216}
   */
  readonly maxFrameBytes?: number;
  /**
   * File mode of a Unix socket; others ignore it.
   *
   * @default {0o600}
   */
  readonly mode?: number;
  /** Hears of errors that concern no connection, such as a failing accept. */
  readonly onError?: (error: unknown) => void;
  /**
   * How long the handshake of a connection may take, in milliseconds; only
   * with TLS.
   *
   * @default {10_000}
   */
  readonly handshakeMs?: number;
  /**
   * How many handshakes may be under way. For one connection more, the oldest
   * handshake of the host that has the most is given up; only with TLS.
   *
   * @default {512}
   */
  readonly maxHandshakes?: number;
  /** Hears of each connection whose handshake failed. */
  readonly onHandshakeFailed?: (error: HandshakeError) => void;
  /** Is called for each handshake that was given up as over `maxHandshakes`. */
  readonly onRefused?: () => void;
}

/** Options for {@linkcode Transport.connect}. */
export interface TransportConnectOptions {
  /**
   * The longest payload that may be received or sent, in bytes.
   *
   * @default {16_777_216}
   */
  readonly maxFrameBytes?: number;
  /** Ends the attempt; `connect` then rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** Makes connections to addresses of one scheme. */
export interface Transport {
  /** What its addresses begin with, without `://`. */
  readonly scheme: string;
  /**
   * Listens at `address` and hands each new connection to `accept`, which
   * must not throw.
   *
   * @throws {AddressInUseError} If somebody else listens there.
   */
  listen(
    address: string,
    accept: (connection: Connection) => void,
    options?: TransportListenOptions,
  ): Promise<Listener>;
  /**
   * Makes one attempt to connect to `address`.
   *
   * @throws {ConnectError} If nobody can be reached there.
   */
  connect(
    address: string,
    options?: TransportConnectOptions,
  ): Promise<Connection>;
}

/** Something that listens; returned by {@linkcode Transport.listen}. */
export interface Listener {
  /** The real address: an ephemeral port is filled in. */
  readonly address: string;
  /** Handshakes that are under way, where there are any. */
  readonly handshakes?: number;
  /**
   * Ends listening and frees the address. Connections that were accepted go
   * on, and those in their handshake are closed. Repeatable; never rejects.
   */
  close(): Promise<void>;
  /** Keeps the process alive while it listens, as it does at first. */
  ref(): void;
  /** Lets the process end although it listens. */
  unref(): void;
}

/** The channel's side of a connection. Its methods must not throw. */
export interface FrameReceiver {
  /**
   * A frame arrived. `payload` is a view into the connection's buffer, valid
   * only until this method returns: copy what is to be kept.
   */
  frame(payload: Uint8Array): void;
  /**
   * So many bytes have arrived of a frame that is not whole yet, its header
   * included. Called after each read that ends within a frame; without that a
   * frame that never becomes whole is not noticed.
   */
  partial?(heldBytes: number): void;
  /** Everything queued so far has been handed to the system. */
  written(): void;
  /**
   * The connection ended other than by {@linkcode Connection.close}: by the
   * peer's end of stream (`error` is `null`), by a frame that broke the
   * protocol (`ProtocolError`, `FrameTooLargeError`) or by its loss (any other
   * error): one of the system, or an end within a frame. Called at most once,
   * and last.
   */
  end(error: unknown): void;
}

/**
 * A two-way carrier of frames. It owns its socket: whoever holds the
 * connection must `close` it, or see `end`.
 */
export interface Connection {
  /** The address of this end. */
  readonly localAddress: string;
  /** The address of the other end. */
  readonly remoteAddress: string;
  /** The name in the certificate that the peer proved to have, or `null`. */
  readonly peerName: string | null;
  /** Bytes queued or being written, headers included; 0 after the end. */
  readonly queuedBytes: number;
  /** Bytes that the system has taken so far. */
  readonly writtenBytes: number;
  /** Bytes received so far. */
  readonly receivedBytes: number;
  /** Starts reading. Called once, before anything else. */
  start(receiver: FrameReceiver): void;
  /**
   * Queues one frame, a string as UTF-8 (half of a surrogate pair as U+FFFD),
   * and returns its position in the stream of bytes sent. Frames that are
   * queued without waiting in between leave as one write, in order; while
   * frames arrive several at a time, so do those of one turn of the event
   * loop, or parts of them where they are many.
   * `payload` is copied before this returns. After the end it is dropped.
   *
   * @throws {FrameTooLargeError} If `payload` is longer than the limit; then
   * nothing was queued.
   * @throws {RangeError} If `payload` is empty, which no frame may be.
   */
  send(payload: Uint8Array | string): number;
  /**
   * Whether the frame at `position` has been handed to the system, at least
   * in part. Right after the end, too; not to be asked of revoked frames.
   */
  isSent(position: number): boolean;
  /**
   * Takes the frame at `position` out of the queue. Returns `false`, and does
   * nothing, if it has been handed to the system, at least in part.
   */
  revoke(position: number): boolean;
  /**
   * Promises to send no more: once the queue is written the peer sees the end
   * of the stream. Reading goes on until the peer ends too, which is told by
   * {@linkcode FrameReceiver.end}. Closing a socket that holds unread bytes
   * would reset it, and take away from the peer what was last sent to it.
   */
  finish(): void;
  /**
   * Ends the connection at once; what is queued is lost. The receiver hears
   * nothing more. Repeatable.
   */
  close(): void;
  /** Keeps the process alive while it is open, as it does at first. */
  ref(): void;
  /** Lets the process end although it is open. */
  unref(): void;
}

/** The longest payload, in bytes, where nothing else is asked for: 16 MiB. */
export const DEFAULT_MAX_FRAME_BYTES: number = 16 * 1024 * 1024;
