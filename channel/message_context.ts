/**
 * The channel's part of the context with which the content of a message is
 * revived. It reaches the `unpack` of each `TypeEntry`.
 */
export interface ArrivalContext {
  /** Whether the content belongs to a request or to the reply to one. */
  readonly kind: "request" | "reply";
}

/** The context of every request. */
export const REQUEST_ARRIVED: ArrivalContext = { kind: "request" };

/** The context of the reply to a call that brought no context of its own. */
export const REPLY_ARRIVED: ArrivalContext = { kind: "reply" };
