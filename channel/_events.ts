import type { ObservedEvent } from "../transports/internal.ts";

/** The direction of a message, as seen from the channel that reports it. */
export type MessageDirection = "in" | "out";

/** The kinds of messages, in the order of their numbers on the wire. */
export const MESSAGE_KINDS = ["request", "result", "failure"] as const;

/** A message passed through a channel, in the turn in which it did. */
export interface MessageEvent extends ObservedEvent {
  /** Tells it from other events. */
  readonly type: "message";
  /** The channel that sent or received the message. */
  readonly channel: object;
  /** The direction of the message. */
  readonly direction: MessageDirection;
  /** The kind of message. */
  readonly kind: typeof MESSAGE_KINDS[number];
  /** The message's number, or that of the request that it answers. */
  readonly id: number;
  /** The content: packed, and not yet revived. */
  readonly content: unknown;
}
