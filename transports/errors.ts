/**
 * The base class of all errors of this package. One `instanceof` tells them from
 * the errors of the program.
 */
export class DenomasError extends Error {
  /** The name of the class. */
  override name = "DenomasError";
}

/** Returns the options for `Error`, without a `cause` that is `undefined`. */
export function causeOf({ cause }: ErrorOptions): ErrorOptions | undefined {
  return cause === undefined ? undefined : { cause };
}

/** The data of an error about an address; `cause` is the system's error. */
export interface AddressErrorDetails extends ErrorOptions {
  /** The address that was tried. */
  readonly address: string;
}

/** The base class of errors about an address. */
export class AddressError extends DenomasError {
  /** The name of the class. */
  override name = "AddressError";
  /** The address that was tried, or that of the other side. */
  readonly address: string;

  /** Creates an error with the given message and data. */
  constructor(message: string, details: AddressErrorDetails) {
    super(message, causeOf(details));
    this.address = details.address;
  }
}

/** Thrown when no connection to an address could be made. */
export class ConnectError extends AddressError {
  /** The name of the class. */
  override name = "ConnectError";
}

/** Thrown when a server cannot listen because another one does. */
export class AddressInUseError extends AddressError {
  /** The name of the class. */
  override name = "AddressInUseError";
}

/**
 * The obstacle of a TLS handshake. `"protocol"`: the other side does not speak
 * TLS, or no common version. `"ended"`: it closed without a reason.
 * `"timeout"`: the handshake took too long. The other codes name the fault of a
 * certificate.
 */
export type HandshakeCode =
  | "no-certificate"
  | "untrusted"
  | "expired"
  | "not-yet-valid"
  | "wrong-host"
  | "protocol"
  | "ended"
  | "timeout";

/**
 * The reason for which two sides could not agree on TLS. A server reports it to
 * `onError`; for a client it is the `cause` of a {@linkcode ConnectError}.
 */
export class HandshakeError extends AddressError {
  /** The name of the class. */
  override name = "HandshakeError";
  /** The obstacle. */
  readonly code: HandshakeCode;
  /** The side that refused the other: `"local"` is this side. */
  readonly by: "local" | "peer";

  /** Creates an error with the given message and data. */
  constructor(message: string, details: HandshakeErrorDetails) {
    super(message, details);
    this.code = details.code;
    this.by = details.by;
  }
}

/** The data of a {@linkcode HandshakeError}; `cause` is the error of TLS. */
export interface HandshakeErrorDetails extends AddressErrorDetails {
  /** The obstacle. */
  readonly code: HandshakeCode;
  /** The side that refused. */
  readonly by: "local" | "peer";
}

/** The data of a {@linkcode FrameTooLargeError}. */
export interface FrameTooLargeErrorDetails extends ErrorOptions {
  /** The length of the payload, in bytes, as far as it is known. */
  readonly bytes: number;
  /** The limit that it exceeds, in bytes. */
  readonly limitBytes: number;
}

/** Thrown when a frame of either side exceeds the limit. */
export class FrameTooLargeError extends DenomasError {
  /** The name of the class. */
  override name = "FrameTooLargeError";
  /** The length of the payload, in bytes, as far as it is known. */
  readonly bytes: number;
  /** The limit that it exceeds, in bytes. */
  readonly limitBytes: number;

  /** Creates an error with the given message and data. */
  constructor(message: string, details: FrameTooLargeErrorDetails) {
    super(message, causeOf(details));
    this.bytes = details.bytes;
    this.limitBytes = details.limitBytes;
  }
}

/** Thrown when a peer breaks the protocol; its connection is closed. */
export class ProtocolError extends DenomasError {
  /** The name of the class. */
  override name = "ProtocolError";
}
