import type { ObservedEvent } from "../transports/internal.ts";

/** The direction of a message, as seen from the channel that reports it. */
export type MessageDirection = "in" | "out";

/** The kinds of messages, in the order of their numbers on the wire. */
export const MESSAGE_KINDS = ["request", "result", "failure"] as const;

/** A message passed through a channel. Reported in the same turn. */
export interface MessageEvent extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "message";
  /** The channel that sent or received the message. */
  readonly channel: object;
  /** The direction of the message. */
  readonly direction: MessageDirection;
  /** The kind of message. */
  readonly kind: typeof MESSAGE_KINDS[number];
  /** The id of the message, or of the request that it answers. */
  readonly id: number;
  /** The content: packed and not yet revived. */
  readonly content: unknown;
}

/** Something began on a channel. It ends with {@linkcode Ended}. */
export interface Begun extends ObservedEvent {
  /** The call, stream or reference. */
  readonly subject: object;
  /** The channel that carries it. */
  readonly channel: object;
}

/** A call was sent, or a method was called. */
export interface CallStarted extends Begun {
  /** Distinguishes it from other events. */
  readonly type: "call-started";
  /** Whether this side makes the call or serves it. */
  readonly side: "made" | "served";
  /** The id of the request. */
  readonly id: number;
  /**
   * The path of the method, or `null` for a call without RPC. For a served
   * call, the other side chose the path.
   */
  readonly path: string | null;
  /**
   * The arguments. Keyword arguments are the last argument. Without RPC, the
   * content of the request.
   */
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
 * The subject of an earlier {@linkcode Begun} has ended. A made call has
 * settled. A served call was answered, and the streams in its result have
 * ended.
 */
export interface Ended extends ObservedEvent {
  /** Distinguishes it from other events. */
  readonly type: "ended";
  /** The call, stream or reference that has ended. */
  readonly subject: object;
  /** How a call ended. */
  readonly outcome?: CallOutcome;
  /** The error of a call, unless the outcome is `result`. */
  readonly error?: unknown;
}
