import { ConnectionClosedError, TimeoutError } from "../channel/errors.ts";
import type {
  Begun,
  CallOutcome,
  CallStarted,
  Ended,
} from "../channel/internal.ts";
import { observed } from "../transports/internal.ts";
import { isInstance } from "./_failure.ts";

/** A stream was passed from one side to the other. */
export interface StreamOpened extends Begun {
  /** Distinguishes it from other events. */
  readonly type: "stream-opened";
  /** Whether this side produces the stream or consumes it. */
  readonly side: "produced" | "consumed";
  /**
   * The call whose result holds the stream, if it is known; `null` for a stream
   * in the arguments of a call or in another stream.
   */
  readonly call: object | null;
}

/** A function or service is now held by reference. */
export interface ReferenceKept extends Begun {
  /** Distinguishes it from other events. */
  readonly type: "reference-kept";
  /**
   * `local` if this side has called `keep` for something of the peer, `peer` if
   * the peer may call something of this side.
   */
  readonly holder: "local" | "peer";
  /** The served call that was running synchronously, or `null`. */
  readonly call: object | null;
}

/** All events of this layer. */
export type RpcEvent = CallStarted | StreamOpened | ReferenceKept | Ended;

/** Returns how a call ended that rejected with `error`. */
export function outcomeOf(error: unknown): CallOutcome {
  if (isInstance(error, TimeoutError)) return "timed-out";
  return isInstance(error, ConnectionClosedError) ? "lost" : "failure";
}

/** Emits an event, which is made only if somebody observes. */
export function emit(makeEvent: () => RpcEvent): void {
  observed.by?.event(makeEvent());
}
