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
   * `local` if this side holds a reference to an object of the peer until it
   * releases it; `peer` if the peer may call an object of this side.
   */
  readonly holder: "local" | "peer";
  /** Whether it came in the result of a call, and not from a call of `keep`. */
  readonly isReturned: boolean;
  /**
   * The call that it came with, if it is known: for a returned reference the
   * call that returned it, else the served call that was running synchronously.
   */
  readonly call: object | null;
}

/**
 * A served call or a produced stream has ended because its consumer or the
 * connection is gone, but its method or producer still runs.
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

/**
 * A reference ends because its proxies were garbage-collected without being
 * disposed of.
 */
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

/** Returns the outcome of a call that rejected with `error`. */
export function outcomeOf(error: unknown): CallOutcome {
  if (isInstance(error, TimeoutError)) return "timed-out";
  return isInstance(error, ConnectionClosedError) ? "lost" : "failure";
}

/** Emits an event, which is created only if there is an observer. */
export function emit(makeEvent: () => RpcEvent): void {
  observed.by?.event(makeEvent());
}
