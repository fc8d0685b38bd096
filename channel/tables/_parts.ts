import type { ChannelContext } from "../_context.ts";
import type { MessageCodec } from "../_message_codec.ts";
import type { Arrivals } from "../limits/_arrivals.ts";
import type { SendQueue } from "./_send_queue.ts";

/** A channel, as its calls and requests see it. */
export interface ChannelParts extends ChannelContext {
  readonly codec: MessageCodec;
  readonly queue: SendQueue;
  readonly arrivals: Arrivals;
}
