/**
 * What the channel tells the layer above about the message whose content is
 * being revived. It reaches the `unpack` of each `TypeEntry`.
 */
export interface ArrivalContext {
  /** Whether the content belongs to a request or to the reply to one. */
  readonly kind: "request" | "reply";
  /** The signal of the call that is answered, if it has one. */
  readonly signal?: AbortSignal;
}

/** The context of every request. */
export const REQUEST_ARRIVED: ArrivalContext = { kind: "request" };

const REPLY_ARRIVED: ArrivalContext = { kind: "reply" };

/** The context of the reply to a call that has `signal`. */
export function replyArrived(signal: AbortSignal | undefined): ArrivalContext {
  return signal === undefined ? REPLY_ARRIVED : { kind: "reply", signal };
}
