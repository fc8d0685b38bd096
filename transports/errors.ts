/**
 * The base class of all errors of this package. One `instanceof` distinguishes
 * them from the errors of the program.
 */
export class DenomasError<Data extends object = object> extends Error {
  /** The name of the class. */
  override name = "DenomasError";

  /** Creates an error with the given message, data and cause. */
  constructor(message: string, ...details: ErrorDetails<Data>) {
    const { cause, ...data } = details[0] ?? {};
    super(message, cause === undefined ? undefined : { cause });
    const own = this as Record<string, unknown>;
    for (const [key, value] of Object.entries(data)) {
      if (value !== undefined) own[key] = value;
    }
  }
}

/** The data of an error, and its cause. Optional if no data is required. */
export type ErrorDetails<Data extends object> = object extends Data
  ? [details?: Data & ErrorOptions]
  : [details: Data & ErrorOptions];

/** Thrown when a connection to an address could not be made. */
export class ConnectError extends DenomasError<Pick<ConnectError, "address">> {
  /** The name of the class. */
  override name = "ConnectError";
  /** The address that was tried. */
  declare readonly address: string;
}

/** Thrown when a server cannot listen because another server listens there. */
export class AddressInUseError
  extends DenomasError<Pick<AddressInUseError, "address">> {
  /** The name of the class. */
  override name = "AddressInUseError";
  /** The address in use. */
  declare readonly address: string;
}

/**
 * The cause of a failed TLS handshake. `"not-tls"`: the other side does not use
 * TLS. `"protocol"`: there is no common version, or a side violated TLS.
 * `"ended"`: the other side closed without a reason. `"timeout"`: the handshake
 * took too long. The other codes name the fault of a certificate.
 */
export type HandshakeCode =
  | "no-certificate"
  | "untrusted"
  | "expired"
  | "not-yet-valid"
  | "wrong-host"
  | "old-version"
  | "protocol"
  | "not-tls"
  | "ended"
  | "timeout";

/**
 * The reason why two sides could not agree on TLS. A server reports it to
 * `onError`. For a client it is the `cause` of a {@linkcode ConnectError}.
 */
export class HandshakeError
  extends DenomasError<Pick<HandshakeError, "address" | "code" | "by">> {
  /** The name of the class. */
  override name = "HandshakeError";
  /** The address of the other side. */
  declare readonly address: string;
  /** The cause of the failure. */
  declare readonly code: HandshakeCode;
  /** The side that refused the other side: `"local"` is this side. */
  declare readonly by: "local" | "peer";
}

/** Thrown when a frame of either side exceeds the limit. */
export class FrameTooLargeError
  extends DenomasError<Pick<FrameTooLargeError, "bytes" | "limitBytes">> {
  /** The name of the class. */
  override name = "FrameTooLargeError";
  /** The length of the payload, in bytes, as far as it is known. */
  declare readonly bytes: number;
  /** The exceeded limit, in bytes. */
  declare readonly limitBytes: number;
}

/** Thrown when a peer breaks the protocol; its connection is closed. */
export class ProtocolError extends DenomasError {
  /** The name of the class. */
  override name = "ProtocolError";
}

/** Whether a peer uses another codec, or another protocol. */
export type MismatchCode = "codec" | "protocol-mismatch";

/**
 * The {@linkcode ProtocolError} for a peer whose first bytes show another codec
 * or protocol. Connecting again would fail too.
 */
export class MismatchError extends ProtocolError {
  /** The kind of mismatch. It becomes the code of the connection's end. */
  readonly code: MismatchCode;
  /** Private, so that consoles do not print the bytes. */
  readonly #answer: Uint8Array | null;

  /** Creates an error. `answer` is sent to the peer. */
  constructor(message: string, code: MismatchCode, answer: Uint8Array | null) {
    super(message);
    this.code = code;
    this.#answer = answer;
  }

  /** The bytes that report the mismatch to the peer, or `null` if none can. */
  get answer(): Uint8Array | null {
    return this.#answer;
  }
}
