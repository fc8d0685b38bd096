import { DenomasError } from "../transports/errors.ts";

/** Thrown when the other side exposes no method at the path of a call. */
export class MethodNotFoundError extends DenomasError {
  /** The name of the class. */
  override name = "MethodNotFoundError";
}

/** Thrown when there is no agent at an address, or it has been closed. */
export class AgentNotFoundError extends DenomasError {
  /** The name of the class. */
  override name = "AgentNotFoundError";
}

/**
 * Thrown when the other side does not admit this one. Throw it in your
 * `authenticate` to refuse a peer.
 */
export class AuthenticationError extends DenomasError {
  /** The name of the class. */
  override name = "AuthenticationError";
}

/** Thrown when an argument or a result does not fit its schema. */
export class ValidationError extends DenomasError {
  /** The name of the class. */
  override name = "ValidationError";
}

/** Thrown when a call uses a reference that has been released. */
export class ReferenceReleasedError extends DenomasError {
  /** The name of the class. */
  override name = "ReferenceReleasedError";
}

/** Thrown when an operation needs denomas's extensions, which the peer lacks. */
export class UnsupportedByPeerError extends DenomasError {
  /** The name of the class. */
  override name = "UnsupportedByPeerError";
}
