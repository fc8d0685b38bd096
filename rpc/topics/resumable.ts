import {
  ConnectionClosedError,
  ServerBusyError,
} from "../../channel/errors.ts";
import { IncomingStream } from "../streams/_incoming_stream.ts";

/**
 * Reads a stream and continues it after its connection was lost or closed by
 * the other side: it requests another stream that continues after the last item
 * that arrived. `open` is called with the id of that item, the first time with
 * `undefined`. With a reconnecting client, the call in `open` waits for the
 * next connection. The other side must be able to continue after an id, as a
 * `Topic` can.
 *
 * Errors other than a lost connection are thrown. The loss of the connection is
 * thrown only if no new call can be made.
 *
 * ```ts
 * import { openReconnecting } from "@denomas/denomas/reconnect";
 * import { service, startServer } from "@denomas/denomas/rpc";
 * import { resumable, Topic } from "@denomas/denomas/topics";
 * import { assertEquals } from "@std/assert";
 *
 * const news = new Topic<string>();
 * const press = service({
 *   news: (after?: number) =>
 *     news.entries(after === undefined ? { last: 10 } : { after }),
 * });
 * await using server = await startServer("local://press", press);
 * await using client = await openReconnecting<typeof press>(server.address);
 *
 * await news.publish("It works");
 * for await (const { value } of resumable((after) => client.remote.news(after))) {
 *   assertEquals(value, "It works");
 *   break;
 * }
 * ```
 */
export function resumable<Item extends { readonly id: Id }, Id = number>(
  open: (after: Id | undefined) => Promise<AsyncIterable<Item>>,
): AsyncGenerator<Item, undefined>;
/** Reads a stream like the other overload, with the ids that `idOf` returns. */
export function resumable<Item, Id>(
  open: (after: Id | undefined) => Promise<AsyncIterable<Item>>,
  idOf: (item: Item) => Id,
): AsyncGenerator<Item, undefined>;
export async function* resumable<Item>(
  open: (after: unknown) => Promise<AsyncIterable<Item>>,
  idOf: (item: Item) => unknown = (item) => (item as { id: unknown }).id,
): AsyncGenerator<Item, undefined> {
  let after: unknown = undefined;
  for (;;) {
    let stream: AsyncIterable<Item> | null = null;
    try {
      stream = await open(after);
      for await (const item of stream) {
        after = idOf(item);
        yield item;
      }
      // The producer may have ended it because its side was closing.
      const isCutShort = stream instanceof IncomingStream && stream.isCutShort;
      if (!isCutShort) return;
    } catch (error) {
      // A call that was not sent had no connection; repeating it would fail
      // again.
      const isLost = error instanceof ConnectionClosedError && error.sent;
      const isLeft = error instanceof ServerBusyError && stream !== null;
      if (!isLost && !isLeft) throw error;
    }
  }
}
