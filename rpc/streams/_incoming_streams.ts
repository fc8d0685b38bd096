import { ConnectionClosedError } from "../../channel/errors.ts";
import { AbortListeners } from "../../channel/timers/abort_listeners.ts";
import { emit } from "../_events.ts";
import type { ReceivedContext } from "../references/_message_context.ts";
import {
  type BindStream,
  IncomingStream,
  type StreamSource,
} from "./_incoming_stream.ts";
import type { StreamBatch } from "./_outgoing_stream.ts";
import { STREAM_PREFIX } from "./_outgoing_streams.ts";
import type { SessionContext } from "../_session_context.ts";

/** Streams that the other side produces and this side consumes. */
export class IncomingStreams {
  readonly #session: SessionContext;
  /** Ends streams whose calls are aborted. */
  readonly #aborting = new AbortListeners();

  /** The streams come from the other side of `session`. */
  constructor(session: SessionContext) {
    this.#session = session;
  }

  /**
   * Returns the stream at `path`, which a message with `context` has brought.
   * The call that asked for it is over by now, but its signal still ends the
   * stream, and the streams in its items.
   */
  open(path: string, { signal, call }: ReceivedContext): IncomingStream {
    const stream = new IncomingStream(
      this.#sourceOf(Number(path.slice(STREAM_PREFIX.length)), signal, call),
      signal && this.#boundTo(signal),
    );
    emit(() => ({
      type: "stream-opened",
      stream,
      side: "consumed",
      channel: this.#session.channel,
      call: call ?? null,
    }));
    return stream;
  }

  /** Stops listening to signals, because the connection has ended. */
  clear(): void {
    this.#aborting.clear();
  }

  #sourceOf(
    key: number,
    signal: AbortSignal | undefined,
    call: object | undefined,
  ): StreamSource {
    const { channel, options } = this.#session;
    const replyContext: ReceivedContext = { kind: "reply", signal, call };
    return {
      window: options.streamWindow,
      budget: channel.budget,
      next: (consumed, onResult) =>
        channel.request(["$/next", [key, consumed], {}], {
          // A deadline for calls does not apply to a stream without news.
          timeoutMs: Infinity,
          onResult,
          ...(signal !== undefined && { signal }),
          replyContext,
        }).catch(throwAsSent) as Promise<StreamBatch>,
      return: async () => {
        try {
          await channel.request(["$/return", [key], {}]);
        } catch (error) {
          // Without a connection the producer has ended, or will at once.
          if (!(error instanceof ConnectionClosedError)) throw error;
        }
      },
    };
  }

  #boundTo(signal: AbortSignal): BindStream {
    return (abort) => {
      const stream = { abort };
      this.#aborting.add(signal, stream);
      return () => this.#aborting.remove(stream);
    };
  }
}

/** The method of a stream has run, whether or not more could be asked for. */
function throwAsSent(error: unknown): never {
  if (!(error instanceof ConnectionClosedError) || error.sent) throw error;
  const { message, by, code, cause } = error;
  throw new ConnectionClosedError(message, { by, code, sent: true, cause });
}
