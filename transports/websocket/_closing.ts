import { DenomasError } from "../errors.ts";
import { printable } from "../printable.ts";

/** The codes of close frames that this package sends (RFC 6455, 7.4.1). */
export const CLOSE = {
  normal: 1_000,
  protocol: 1_002,
  wrongType: 1_003,
  invalidText: 1_007,
  tooBig: 1_009,
} as const;

/**
 * The codes of a normal end by the peer: it closed, its page is gone, or it
 * gave no code.
 */
export const GOOD_CODES: readonly number[] = [1_000, 1_001, 1_005];

/** Returns the error for a WebSocket that ended with another code. */
export function closedByPeer(code: number, reason: string): DenomasError {
  // The platform's code for a broken connection.
  if (code === 1_006) {
    return new DenomasError(
      "Cannot read WebSocket: the connection was lost",
    );
  }
  const why = reason === "" ? "" : `: ${printable(reason)}`;
  return new DenomasError(
    `Cannot read WebSocket: the peer closed it with ${code}${why}`,
  );
}
