import {
  FrameTooLargeError,
  HandshakeError,
  ProtocolError,
} from "../../transports/errors.ts";
import type { TrialWorld } from "./_trial.ts";
import { isLoss } from "./_losses.ts";

/** Takes out what nobody awaited; only what a storm or fuzzing does may be there. */
export function checkHandlerErrors({ ctx, tally, name }: TrialWorld): void {
  for (const error of ctx.takeHandlerErrors()) {
    if (isBrokenOff(error) || isLoss(error)) continue;
    tally.breach(`${name}: a handler threw ${Deno.inspect(error)}`);
  }
}

/**
 * A connection that is cut in the midst of a frame or of its handshake, or
 * brings none, says so.
 */
function isBrokenOff(error: unknown): boolean {
  return error instanceof ProtocolError ||
    error instanceof FrameTooLargeError ||
    (error instanceof HandshakeError && error.code === "ended");
}
