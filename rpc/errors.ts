import { DenomasError } from "../transports/errors.ts";

/** Thrown when the other side exposes no method at a path. */
export class MethodNotFoundError extends DenomasError {
  /** The name of the class. */
  override name = "MethodNotFoundError";
}

/** Thrown when there is no agent at an address, or not any more. */
export class AgentNotFoundError extends DenomasError {
  /** The name of the class. */
  override name = "AgentNotFoundError";
}

/**
 * Thrown when the other side does not know this one, or knows it and wants
 * nothing of it; thrown by an `authenticate`, it says so.
 */
export class AuthenticationError extends DenomasError {
  /** The name of the class. */
  override name = "AuthenticationError";
}

/** Thrown when an argument, or a result, does not fit its schema. */
export class ValidationError extends DenomasError {
  /** The name of the class. */
  override name = "ValidationError";
}

/** Thrown when a call goes to a reference that has been released. */
export class ReferenceReleasedError extends DenomasError {
  /** The name of the class. */
  override name = "ReferenceReleasedError";
}

/** Thrown for what only a peer with denomas's extensions can do. */
export class UnsupportedByPeerError extends DenomasError {
  /** The name of the class. */
  override name = "UnsupportedByPeerError";
}
