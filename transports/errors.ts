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
