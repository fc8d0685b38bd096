import { SerializationError } from "../../channel/errors.ts";
import type { IncomingRequest } from "../../channel/request.ts";
import type { StreamBatch } from "./_outgoing_streams.ts";
import { isInstance } from "../_failure.ts";
import { MessageContext } from "../references/_message_context.ts";

/**
 * Answers `request` with `batch`, or with as many of its first items as can be
 * sent, and returns how many those are. Nothing is held for the others.
 *
 * @throws {Error} If not even the first item can be sent. The request is not
 * answered then.
 */
export function sendBatch(
  request: IncomingRequest,
  batch: StreamBatch,
): number {
  const { items } = batch;
  const context = new MessageContext("owned");
  let count: number;
  try {
    request.tryReply(batch, context);
    return items.length;
  } catch (error) {
    count = sendableItems(error, items.length);
    if (count > 0) context.withdraw();
    else {
      context.discard();
      throw error;
    }
  }
  const first = { items: items.slice(0, count), done: false };
  return sendBatch(request, first);
}

/** How many of `count` items to try after `error`. */
function sendableItems(error: unknown, count: number): number {
  const [key, index] = isInstance(error, SerializationError) ? error.path : [];
  // All of them may be too large together, where half of them is not.
  return key === "items" && typeof index === "number" ? index : count >> 1;
}
