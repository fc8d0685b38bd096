import { SerializationError } from "../channel/errors.ts";
import type { IncomingRequest } from "../channel/request.ts";
import type { OutgoingStreams, StreamBatch } from "./_outgoing_streams.ts";
import type { References } from "./_references.ts";

/** Where what a batch passes is held. */
export interface BatchHolders {
  readonly references: References;
  readonly streams: OutgoingStreams;
}

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
  holders: BatchHolders,
): number {
  const { references, streams } = holders;
  const { result, streams: offered } = streams.collect(() =>
    references.collect("given", () => tryReply(request, batch))
  );
  const { items } = batch;
  const { result: failure, release } = result;
  if (failure === null) return items.length;
  release?.();
  const count = sendableItems(failure.error, items.length);
  if (count === 0) {
    for (const stream of offered) stream.drop();
    throw failure.error;
  }
  // The items that are sent after all offer theirs again.
  for (const stream of offered) stream.withdraw();
  const first = { items: items.slice(0, count), done: false };
  return sendBatch(request, first, holders);
}

/** What was passed must be known although it was not sent: nothing is thrown. */
function tryReply(
  request: IncomingRequest,
  batch: StreamBatch,
): { readonly error: unknown } | null {
  try {
    request.tryReply(batch);
    return null;
  } catch (error) {
    return { error };
  }
}

/** How many of `count` items to try after `error`. */
function sendableItems(error: unknown, count: number): number {
  const [key, index] = error instanceof SerializationError ? error.path : [];
  // All of them may be too large together, where half of them is not.
  return key === "items" && typeof index === "number" ? index : count >> 1;
}
