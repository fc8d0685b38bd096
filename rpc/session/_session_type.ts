import { isIterator } from "../../channel/internal.ts";
import type { TypeEntry } from "../../channel/codecs/types/type_entry.ts";
import { isRecord } from "../references/_call_content.ts";
import {
  asMessageContext,
  OneWayContext,
  type ReceivedContext,
} from "../references/_message_context.ts";
import { PipedArgument } from "../references/_piped_argument.ts";
import { remoteNode } from "../references/_remote_proxy.ts";
import type { References } from "../references/_references.ts";
import type { SessionContext } from "../_session_context.ts";
import { IncomingStream } from "../streams/_incoming_stream.ts";
import {
  isStream,
  type OutgoingStreams,
  STREAM_PREFIX,
} from "../streams/_outgoing_streams.ts";
import { isSink, toReadable, toSink } from "../streams/_web_streams.ts";
import { isRich, packRich, unpackRich } from "../values/_rich_values.ts";
import { type Hello, HelloAwaitedError } from "./_hello.ts";

/** A session with the parts that encode values. */
type PackingContext = SessionContext & {
  readonly hello: Hello;
  readonly references: References;
  readonly streams: OutgoingStreams;
};

/**
 * Thrown if a one-way call passes references or streams: they live until the
 * reply, so the call needs one.
 */
export class ReplyNeededError extends Error {
  override readonly name = "ReplyNeededError";
}

/** Writes the items of a stream to a `WritableStream` of the other side. */
type SinkFiller = (items: ReadableStream) => Promise<unknown>;

/**
 * The custom type that encodes values which plain data cannot express:
 * functions, services, streams, results of other calls, and values such as
 * dates.
 */
export class SessionType implements TypeEntry {
  readonly #session: PackingContext;

  /** Encodes and decodes with the parts of `session`. */
  constructor(session: PackingContext) {
    this.#session = session;
  }

  matches(value: unknown, context: unknown): boolean {
    const { references } = this.#session;
    return isStream(value) || references.matches(value) ||
      this.#takesValues(context) && isRich(value, this.#hasBinary) ||
      isSink(value) || value instanceof PipedArgument;
  }

  hintFor(value: object): string | null {
    if (value instanceof Blob) return "a Blob or File; send its 'stream()'";
    if (isIterator(value)) {
      return "a synchronous iterator; send a list of its items, or an async iterator such as an async generator";
    }
    const { remote } = value as { readonly remote?: unknown };
    return remoteNode(remote) === undefined
      ? null
      : "a client; pass its 'remote'";
  }

  /**
   * Whether the other side accepts values that codecs cannot encode, or may
   * after the reply to the hello.
   */
  #takesValues(context: unknown): boolean {
    const { hello } = this.#session;
    return hello.takesValues ||
      hello.isAwaited && asMessageContext(context)?.hold === "borrowed";
  }

  get #hasBinary(): boolean {
    return this.#session.channel.options.codec.carries?.binary === true;
  }

  pack(value: unknown, context: unknown): unknown {
    const { hello, options, references, streams } = this.#session;
    const message = asMessageContext(context);
    if (message instanceof OneWayContext && this.#isPassed(value)) {
      throw new ReplyNeededError();
    }
    if (!isStream(value) && references.matches(value)) {
      return references.pack(value, message);
    }
    // Only a call can wait, and only the values of a call are borrowed.
    if (hello.isAwaited && message?.hold === "borrowed") {
      throw new HelloAwaitedError();
    }
    if (isStream(value)) {
      const path = streams.add(value, message);
      return hello.takesValues && value instanceof ReadableStream
        ? { readable: path }
        : path;
    }
    if (value instanceof PipedArgument) return { result: value.path };
    if (isSink(value)) {
      const fill = (items: ReadableStream) => items.pipeTo(value);
      return { sink: references.pack(fill, message) };
    }
    const { sendStacks: stacks } = options;
    return { value: packRich(value, { binary: this.#hasBinary, stacks }) };
  }

  /** Whether the other side would use the value by reference, not as a copy. */
  #isPassed(value: unknown): boolean {
    return isStream(value) || isSink(value) ||
      this.#session.references.matches(value);
  }

  unpack(data: unknown, context: unknown): unknown {
    const session = this.#session;
    const { references } = session;
    const message = context as ReceivedContext;
    if (typeof data === "string" && data.startsWith(STREAM_PREFIX)) {
      return new IncomingStream(session, data, message);
    }
    if (isRecord(data)) {
      const { readable, result, sink, value } = data;
      if (value !== undefined) return unpackRich(value);
      if (typeof result === "string") return new PipedArgument(result);
      if (typeof readable === "string" && readable.startsWith(STREAM_PREFIX)) {
        return toReadable(new IncomingStream(session, readable, message));
      }
      if (typeof sink === "string") {
        return toSink(references.unpack(sink, message) as SinkFiller);
      }
    }
    return references.unpack(data, message);
  }
}
