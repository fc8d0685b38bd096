/**
 * The contract between the channel layer and the carriers of its bytes.
 *
 * A {@linkcode Transport} listens and connects. A {@linkcode Connection}
 * carries whole frames both ways. `testTransport` of `@denomas/denomas/testing`
 * checks every obligation that is stated here; run it on your own transport.
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
   * Called with each error that belongs to no connection, such as a failed
   * accept.
   */
  readonly onError?: (error: unknown) => void;
  /** Settings for a transport whose connections begin with a handshake. */
  readonly handshakes?: HandshakeOptions;
}

/** Limits and callbacks for the handshakes of a listener. */
export interface HandshakeOptions {
  /**
   * The longest duration of a handshake, in milliseconds.
   *
   * @default {10_000}
   */
  readonly timeoutMs?: number;
  /**
   * The most handshakes at a time. At the limit, a new connection displaces the
   * oldest handshake of the host that has the most.
   *
   * @default {512}
   */
  readonly max?: number;
  /** Called for each connection whose handshake failed. */
  readonly onFailed?: (error: HandshakeError) => void;
  /** Called for each handshake that was displaced because of `max`. */
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
}

/** A listening socket. Returned by {@linkcode Transport.listen}. */
export interface Listener {
  /** The real address: an ephemeral port is filled in. */
  readonly address: string;
  /** The number of unfinished handshakes, for transports that have them. */
  readonly handshakes?: number;
  /**
   * Ends listening and frees the address. Accepted connections go on;
   * unfinished handshakes end. Repeatable; never rejects.
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
   * only until this method returns: copy the bytes that must outlive it.
   */
  frame(payload: Uint8Array): void;
  /**
   * The last read ended within a frame, of which `heldBytes` have arrived,
   * header included. A receiver without this method cannot notice a frame that
   * never becomes complete.
   */
  partial?(heldBytes: number): void;
  /** The system has taken everything that was queued so far. */
  written(): void;
  /**
   * The connection ended, and not by {@linkcode Connection.close}. `error` is
   * `null` if the peer ended the stream; a `ProtocolError` or
   * `FrameTooLargeError` if a frame broke the protocol; any other error if the
   * connection was lost, which includes an end within a frame. Called at most
   * once, and last.
   */
  end(error: unknown): void;
}

/**
 * A two-way carrier of frames. It owns its socket: the holder of a connection
 * must call `close`, or wait for `end`.
 */
export interface Connection {
  /** The address of this end. */
  readonly localAddress: string;
  /** The address of the other end. */
  readonly remoteAddress: string;
  /** The name in the certificate that the peer proved to own, or `null`. */
  readonly peerName: string | null;
  /** Bytes queued or being written, headers included; 0 after the end. */
  readonly queuedBytes: number;
  /** Bytes that the system has taken so far. */
  readonly writtenBytes: number;
  /** Bytes received so far. */
  readonly receivedBytes: number;
  /** Starts to read. Called once, before the other methods. */
  start(receiver: FrameReceiver): void;
  /**
   * Queues one frame and returns its position in the stream of sent bytes. A
   * string is sent as UTF-8, with U+FFFD for each half of a surrogate pair.
   * `payload` is copied before this returns. After the end it is dropped.
   *
   * Frames that are queued in one synchronous run leave in order, as one write.
   * While frames arrive in bursts, the frames queued in one turn of the event
   * loop do so, in several parts if they are many.
   *
   * @throws {FrameTooLargeError} If `payload` exceeds the limit; nothing was
   * queued then.
   * @throws {RangeError} If `payload` is empty.
   */
  send(payload: Uint8Array | string): number;
  /**
   * Returns whether the system has taken the frame at `position`, at least in
   * part. Also answers right after the end. Not to be called for a revoked
   * frame.
   */
  isSent(position: number): boolean;
  /**
   * Takes the frame at `position` out of the queue. Returns `false`, and does
   * nothing, if the system has taken it, at least in part.
   */
  revoke(position: number): boolean;
  /**
   * Sends no more: once the queue is written, the peer sees the end of the
   * stream. Reading goes on until the peer ends too, which
   * {@linkcode FrameReceiver.end} reports. To close a socket that holds unread
   * bytes instead would reset it, and the peer could lose the last frames.
   */
  finish(): void;
  /**
   * Ends the connection at once and drops the queue. The receiver is called no
   * more. Repeatable.
   */
  close(): void;
  /** Keeps the process alive while it is open, as it does at first. */
  ref(): void;
  /** Lets the process end although it is open. */
  unref(): void;
}

/** The default of `maxFrameBytes`: 16 MiB. */
export const DEFAULT_MAX_FRAME_BYTES: number = 16 * 1024 * 1024;
