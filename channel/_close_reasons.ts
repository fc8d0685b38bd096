import { type CloseReason, ConnectionClosedError } from "./errors.ts";

/** The codes for a peer that broke a limit, each with its message. */
const CUT_MESSAGES = {
  "first-frame": "the peer sent nothing after it had connected",
  "idle": "the connection was idle for too long",
  "over-budget": "the peer made this side hold too much memory",
  "rate-limit": "the peer sends too fast",
  "server-full": "the server needed room for another connection",
  "slow-frame": "a frame took too long to arrive",
  "slow-peer": "the peer reads too slowly",
} as const;

/** The code of a limit whose breach ends a connection. */
export type CutCode = keyof typeof CUT_MESSAGES;

/** Returns the reason for the end of a connection whose peer broke a limit. */
export function cutReason(code: CutCode): CloseReason {
  return { by: "error", code, message: CUT_MESSAGES[code] };
}

/** Creates the error of an operation that the end of its connection stopped. */
export function connectionClosed(
  act: string,
  reason: CloseReason,
  sent = false,
): ConnectionClosedError {
  const { by, code, message, error } = reason;
  return new ConnectionClosedError(`Cannot ${act}: ${message}`, {
    by,
    code,
    sent,
    ...(error !== undefined && { cause: error }),
  });
}
