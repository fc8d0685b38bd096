import { ConnectionClosedError, TimeoutError } from "../channel/errors.ts";
import type {
  Begun,
  CallOutcome,
  CallStarted,
  Ended,
} from "../channel/internal.ts";
import { observed, type ObservedEvent } from "../transports/internal.ts";
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
   * `local` if this side holds something of the peer until it releases that,
   * `peer` if the peer may call something of this side.
   */
  readonly holder: "local" | "peer";
  /** Whether the result of a call brought it, and this side did not call `keep`. */
  readonly isReturned: boolean;
  /**
   * The call that it came with, if it is known: one that was made for what was
   * returned, else the served call that was running synchronously.
   */
  readonly call: object | null;
}

/**
 * A served call or a produced stream has ended, since its consumer or the
 * connection is gone, and its method or producer still runs.
 */
export interface WorkLeft extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "work-left";
  /** The call or stream. */
  readonly subject: object;
}

/** The method or producer that {@linkcode WorkLeft} reported has ended. */
export interface WorkDone extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "work-done";
  /** The call or stream. */
  readonly subject: object;
}

/** A reference ends because its proxies are garbage: nobody has disposed of it. */
export interface ReferenceForgotten extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "reference-forgotten";
  /** The reference. */
  readonly subject: object;
}

/** All events of this layer. */
export type RpcEvent =
  | CallStarted
  | StreamOpened
  | ReferenceKept
  | ReferenceForgotten
  | Ended
  | WorkLeft
  | WorkDone;

/** Returns how a call ended that rejected with `error`. */
export function outcomeOf(error: unknown): CallOutcome {
  if (isInstance(error, TimeoutError)) return "timed-out";
  return isInstance(error, ConnectionClosedError) ? "lost" : "failure";
}

/** Emits an event, which is made only if somebody observes. */
export function emit(makeEvent: () => RpcEvent): void {
  observed.by?.event(makeEvent());
}
