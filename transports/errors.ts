/**
 * The base of every error of this package, so that one `instanceof` tells
 * them from errors of the program around it.
 */
export class DenomasError extends Error {
  /** The name of the class. */
  override name = "DenomasError";
}

/** The options for `Error`: no `cause` at all where there is none. */
export function causeOf({ cause }: ErrorOptions): ErrorOptions | undefined {
  return cause === undefined ? undefined : { cause };
}

/** The data of an error about an address; `cause` is the system's error. */
export interface AddressErrorDetails extends ErrorOptions {
  /** The address that was tried. */
  readonly address: string;
}

/** Thrown when no connection to an address could be made. */
export class ConnectError extends DenomasError {
  /** The name of the class. */
  override name = "ConnectError";
  /** The address that was tried. */
  readonly address: string;

  /** Creates an error with the given message and data. */
  constructor(message: string, details: AddressErrorDetails) {
    super(message, causeOf(details));
    this.address = details.address;
  }
}

/** Thrown when a server cannot listen because another one already does. */
export class AddressInUseError extends DenomasError {
  /** The name of the class. */
  override name = "AddressInUseError";
  /** The address that is taken. */
  readonly address: string;

  /** Creates an error with the given message and data. */
  constructor(message: string, details: AddressErrorDetails) {
    super(message, causeOf(details));
    this.address = details.address;
  }
}

/**
 * What stopped a TLS handshake. `"protocol"`: what arrived is no TLS, or has no
 * version in common. `"ended"`: the other side closed without a reason.
 * `"timeout"`: it took longer than `handshakeMs`. The others tell what is wrong
 * with a certificate.
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
 * Tells why two sides could not agree on TLS: a server reports it to its
 * `onError`, and for a client it is the `cause` of the {@linkcode ConnectError}.
 */
export class HandshakeError extends DenomasError {
  /** The name of the class. */
  override name = "HandshakeError";
  /** The address of the other side. */
  readonly address: string;
  /** What stopped it. */
  readonly code: HandshakeCode;
  /**
   * Which side stopped it: `"local"` does not accept the other, `"peer"` is
   * that the other does not accept this one.
   */
  readonly by: "local" | "peer";

  /** Creates an error with the given message and data. */
  constructor(message: string, details: HandshakeErrorDetails) {
    super(message, causeOf(details));
    this.address = details.address;
    this.code = details.code;
    this.by = details.by;
  }
}

/** The data of a {@linkcode HandshakeError}; `cause` is the error of TLS. */
export interface HandshakeErrorDetails extends ErrorOptions {
  /** The address of the other side. */
  readonly address: string;
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

/** Thrown when a frame, ours or the peer's, is longer than the limit allows. */
export class FrameTooLargeError extends DenomasError {
  /** The name of the class. */
  override name = "FrameTooLargeError";
  /** Length of the payload in bytes, as far as it is known. */
  readonly bytes: number;
  /** The limit that it breaks, in bytes. */
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
