import { ConnectionClosedError, TimeoutError } from "../channel/errors.ts";
import { observed, type ObservedEvent } from "../transports/internal.ts";
import { isInstance } from "./_failure.ts";

/** RPC has started on a channel. Emitted once for each channel. */
export interface SessionStarted extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "session-started";
  /** The channel. */
  readonly channel: object;
}

/** A call was sent, or a method was called. */
export interface CallStarted extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "call-started";
  /** Identifies the call in other events. */
  readonly call: object;
  /** Whether this side makes the call or serves it. */
  readonly side: "made" | "served";
  /** The channel that carries the call. */
  readonly channel: object;
  /** The number of the request. */
  readonly id: number;
  /** The path of the method. The other side chose that of a served call. */
  readonly path: string;
  /** The arguments; keyword arguments are the last one. */
  readonly args: readonly unknown[];
}

/**
 * The result of a call: `aborted` by its caller's signal, `timed-out`, `lost`
 * with the connection, or a `failure` for any other error.
 */
export type CallOutcome =
  | "result"
  | "failure"
  | "aborted"
  | "timed-out"
  | "lost";

/**
 * A made call has settled, or a served one is over: it was answered, and the
 * streams in its result have ended.
 */
export interface CallEnded extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "call-ended";
  /** The call. */
  readonly call: object;
  /** How the call ended. */
  readonly outcome: CallOutcome;
  /** The error, unless the outcome is `result`. */
  readonly error?: unknown;
}

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
  | SessionStarted
  | CallStarted
  | CallEnded
  | StreamOpened
  | StreamEnded
  | ReferenceKept
  | ReferenceReleased;

/** Returns how a call ended that rejected with `error`. */
export function outcomeOf(error: unknown, signal?: AbortSignal): CallOutcome {
  if (signal?.aborted && error === signal.reason) return "aborted";
  if (isInstance(error, TimeoutError)) return "timed-out";
  return isInstance(error, ConnectionClosedError) ? "lost" : "failure";
}

/** Emits an event, which is made only if somebody observes. */
export function emit(makeEvent: () => RpcEvent): void {
  observed.by?.event(makeEvent());
}
