import { ConnectionClosedError, TimeoutError } from "../channel/errors.ts";
import type {
  CallEnded,
  CallOutcome,
  CallStarted,
} from "../channel/internal.ts";
import { observed, type ObservedEvent } from "../transports/internal.ts";
import { isInstance } from "./_failure.ts";

/** A stream was passed from one side to the other. */
export interface StreamOpened extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "stream-opened";
  /** Identifies the stream in other events. */
  readonly stream: object;
  /** Whether this side produces the stream or consumes it. */
  readonly side: "produced" | "consumed";
  /** The channel that carries the stream. */
  readonly channel: object;
  /**
   * The call whose result holds the stream, if it is known; `null` for a stream
   * in the arguments of a call or in another stream.
   */
  readonly call: object | null;
}

/** A stream has no more items to pass: it is at its end, or was left. */
export interface StreamEnded extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "stream-ended";
  /** The stream. */
  readonly stream: object;
}

/** A function or service is now held by reference. */
export interface ReferenceKept extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "reference-kept";
  /** Identifies the reference in other events. */
  readonly reference: object;
  /**
   * `local` if this side has called `keep` for something of the peer, `peer` if
   * the peer may call something of this side.
   */
  readonly holder: "local" | "peer";
  /** The channel on which the reference was passed. */
  readonly channel: object;
  /** The served call that was running synchronously, or `null`. */
  readonly call: object | null;
}

/** A reference was released; the last event about it. */
export interface ReferenceReleased extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "reference-released";
  /** The reference. */
  readonly reference: object;
}

/** All events of this layer. */
export type RpcEvent =
  | CallStarted
  | CallEnded
  | StreamOpened
  | StreamEnded
  | ReferenceKept
  | ReferenceReleased;

/** Returns how a call ended that rejected with `error`. */
export function outcomeOf(error: unknown): CallOutcome {
  if (isInstance(error, TimeoutError)) return "timed-out";
  return isInstance(error, ConnectionClosedError) ? "lost" : "failure";
}

/** Emits an event, which is made only if somebody observes. */
export function emit(makeEvent: () => RpcEvent): void {
  observed.by?.event(makeEvent());
}
