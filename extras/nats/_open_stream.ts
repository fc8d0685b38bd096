import type { Receiver } from "./_client.ts";
import type { HeldLink } from "./_pool.ts";
import { NatsStream } from "./_stream.ts";

/** The inboxes of the two ends of a stream. */
export interface StreamEnds {
  /** The inbox where this side receives messages. */
  readonly inbox: string;
  readonly peer: string;
  /** Stops receiving messages at `inbox`. */
  readonly unsubscribe: () => void;
}

/** Returns a stream over a link. The stream takes over the hold. */
export function openStream(
  { link, hold }: HeldLink,
  { inbox, peer, unsubscribe }: StreamEnds,
): NatsStream {
  const stream = new NatsStream({
    maxBytes: link.maxBytes,
    send: link.publisher(peer, inbox),
    end: () => {
      unwatch();
      unsubscribe();
      hold.release();
    },
    ref: () => hold.ref(),
    unref: () => hold.unref(),
  });
  const unwatch = link.watch(stream);
  return stream;
}

/** Returns a receiver that passes messages to a stream. */
export function receiverFor(stream: () => NatsStream): Receiver {
  return {
    message: (data) => stream().receive(data),
    nobody: () => stream().gone(),
    end: (error) => stream().fail(error),
  };
}
