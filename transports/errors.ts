/**
 * The base of every error of this package, so that one `instanceof` tells
 * them from errors of the program around it.
 */
export class DenomasError extends Error {
  /** The name of the class. */
  override name = "DenomasError";
}

/** Thrown when no connection to an address could be made. */
export class ConnectError extends DenomasError {
  /** The name of the class. */
  override name = "ConnectError";
  /** The address that was tried. */
  readonly address: string;

  /** Makes the error for `address`; `options.cause` is the system's error. */
  constructor(message: string, address: string, options?: ErrorOptions) {
    super(message, options);
    this.address = address;
  }
}

/** Thrown when a server cannot listen because another one already does. */
export class AddressInUseError extends DenomasError {
  /** The name of the class. */
  override name = "AddressInUseError";
  /** The address that is taken. */
  readonly address: string;

  /** Makes the error for `address`; `options.cause` is the system's error. */
  constructor(message: string, address: string, options?: ErrorOptions) {
    super(message, options);
    this.address = address;
  }
}

/**
 * What stopped a TLS handshake. `"protocol"`: what arrived is no TLS, or has no
 * version in common. `"ended"`: the other side closed without a reason.
 * `"timeout"`: it took longer than `handshakeMs`. The others tell what is wrong
 * with a certificate.
 */
export type HandshakeProblem =
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
  readonly problem: HandshakeProblem;
  /**
   * Which side stopped it: `"local"` does not accept the other, `"peer"` is
   * that the other does not accept this one.
   */
  readonly by: "local" | "peer";

  /** Makes the error; `options.cause` is what Node's TLS says, if it does. */
  constructor(
    message: string,
    details: {
      readonly address: string;
      readonly problem: HandshakeProblem;
      readonly by: "local" | "peer";
    },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.address = details.address;
    this.problem = details.problem;
    this.by = details.by;
  }
}

/** Thrown when a frame, ours or the peer's, is longer than the limit allows. */
export class FrameTooLargeError extends DenomasError {
  /** The name of the class. */
  override name = "FrameTooLargeError";
  /** Length of the payload in bytes, as far as it is known. */
  readonly bytes: number;
  /** The limit that it breaks, in bytes. */
  readonly limitBytes: number;

  /** Makes the error for a payload of `bytes` against `limitBytes`. */
  constructor(message: string, bytes: number, limitBytes: number) {
    super(message);
    this.bytes = bytes;
    this.limitBytes = limitBytes;
  }
}

/** Thrown when a peer breaks the protocol; its connection is closed. */
export class ProtocolError extends DenomasError {
  /** The name of the class. */
  override name = "ProtocolError";
}
