import { ProtocolError } from "../transports/errors.ts";
import type { PayloadOwner } from "../transports/frames/frame_queue.ts";
import { observed } from "../transports/internal.ts";
import { printable } from "../transports/printable.ts";
import {
  MESSAGE_KINDS,
  type MessageDirection,
  type MessageEvent,
} from "./_events.ts";
import type { ArrivalContext } from "./_hooks.ts";
import type { ChannelContext } from "./_context.ts";
import type { Codec, DecodeLimits } from "./codecs/codec.ts";
import { ownBytes } from "./codecs/types/_own_bytes.ts";
import type { TypeTable } from "./codecs/types/type_table.ts";
import { SerializationError } from "./errors.ts";
import { type Message, parseMessage, readThrown, REQUEST } from "./message.ts";
import { ignoreRejection } from "./codecs/types/_peer_data.ts";

/** Byte values of the message being decoded that are views of its payload. */
const VIEWS: Uint8Array[] = [];

/** The limits before the first message. */
const UNLIMITED: DecodeLimits = { maxWeight: Infinity };

const NONE_KEPT: readonly unknown[] = [];

/** The limits of one channel, with access to the ASCII text of its payload. */
class ChannelLimits implements DecodeLimits {
  readonly maxWeight: number;
  readonly views: Uint8Array[] | undefined;
  readonly #channel: ChannelContext;

  constructor(
    channel: ChannelContext,
    maxWeight: number,
    views: Uint8Array[] | undefined,
  ) {
    this.#channel = channel;
    this.maxWeight = maxWeight;
    this.views = views;
  }

  ascii(): string | null {
    return this.#channel.connection.ascii();
  }
}

/** Turns messages into payloads and back, and reports them to observers. */
export class MessageCodec implements PayloadOwner {
  readonly #channel: ChannelContext;
  readonly #codec: Codec;
  #types: TypeTable;
  #limits = UNLIMITED;

  /** Creates the codec of `channel`. */
  constructor(channel: ChannelContext) {
    this.#channel = channel;
    this.#codec = channel.options.codec;
    this.#types = channel.options.types;
  }

  /** Adds the types of the layer above. */
  start(): void {
    const { types } = this.#channel.hooks;
    if (types !== undefined) this.#types = this.#types.with(types);
  }

  /**
   * Encodes a message. `context` is passed to the custom types in it.
   *
   * @throws {SerializationError} If `content` cannot be sent.
   */
  encode(
    type: number,
    id: number,
    content: unknown,
    context: unknown,
  ): string | Uint8Array {
    const packed = this.#types.pack(content, context);
    try {
      const payload = checkPayload(this.#codec.encode([type, id, packed]));
      this.#report("out", type, id, packed);
      return payload;
    } catch (cause) {
      throw new SerializationError(
        `Cannot encode as ${this.#codec.name}: ${textOf(cause)}`,
        { path: [], cause },
      );
    }
  }

  /** Returns why `content` cannot be sent, or `null` if it can. */
  refusalOf(content: unknown, context: unknown): string | null {
    try {
      this.#types.pack(content, context);
      return null;
    } catch (error) {
      return textOf(error);
    }
  }

  /** The owner of the payloads, if the codec reuses them. */
  get owner(): PayloadOwner | undefined {
    return this.#codec.release === undefined ? undefined : this;
  }

  /** Gives a payload back to the codec, possibly long after it was encoded. */
  release(payload: Uint8Array): void {
    try {
      this.#codec.release?.(payload);
    } catch (error) {
      // The message was sent, so no caller receives this error.
      const { options, remoteAddress } = this.#channel;
      options.onProtocolError(error, remoteAddress);
    }
  }

  /**
   * Decodes a message. Its content is not yet revived.
   *
   * @throws {ProtocolError} If `payload` is not a message, or would take more
   * memory than `maxWeight`.
   */
  decode(payload: Uint8Array, maxWeight: number): Message {
    const { borrowed } = this.#channel.hooks;
    if (this.#limits.maxWeight !== maxWeight) {
      const views = borrowed === undefined ? undefined : VIEWS;
      this.#limits = new ChannelLimits(this.#channel, maxWeight, views);
    }
    // A message that failed to decode may have left entries.
    VIEWS.length = 0;
    let decoded: unknown;
    try {
      decoded = this.#codec.decode(payload, this.#limits);
    } catch (cause) {
      if (cause instanceof ProtocolError) throw cause;
      throw new ProtocolError(
        `Cannot decode message as ${this.#codec.name}: ${textOf(cause)}`,
        { cause },
      );
    }
    try {
      const parsed = parseMessage(decoded);
      const message = VIEWS.length > 0 ? this.#own(parsed, VIEWS) : parsed;
      this.#report("in", message.type, message.id, message.content);
      return message;
    } catch (error) {
      ignoreRejection(decoded);
      throw error;
    }
  }

  /** Copies the byte values in `views`, except for those that stay borrowed. */
  #own(message: Message, views: readonly Uint8Array[]): Message {
    const { type, content } = message;
    const kept = type === REQUEST
      ? this.#channel.hooks.borrowed!(content)
      : NONE_KEPT;
    return { ...message, content: ownBytes(content, new Set(views), kept) };
  }

  /** Reports a message. Creates no event when nothing observes. */
  #report(
    direction: MessageDirection,
    type: number,
    id: number,
    content: unknown,
  ): void {
    if (observed.by === null) return;
    const event: MessageEvent = {
      type: "message",
      channel: this.#channel,
      direction,
      kind: MESSAGE_KINDS[type]!,
      id,
      content,
    };
    observed.by.event(event);
  }

  /**
   * Revives the custom types in the content of a message. `context` is passed
   * to them.
   *
   * @throws {SerializationError} If a custom type cannot be revived.
   * @throws {ProtocolError} If the content breaks a limit.
   */
  revive(content: unknown, context: ArrivalContext): unknown {
    return this.#types.unpack(content, context, this.#limits.maxWeight);
  }

  /**
   * Returns the memory of the content that was revived last, in bytes: the
   * larger of its payload's `bytes` and the weight of its values.
   */
  weigh(bytes: number): number {
    return Math.max(bytes, this.#types.weight);
  }
}

/** Checks what a user's codec returned: it may be a promise that rejects. */
function checkPayload(payload: string | Uint8Array): string | Uint8Array {
  if (typeof payload === "string" || payload instanceof Uint8Array) {
    return payload;
  }
  ignoreRejection(payload);
  throw new TypeError("'encode' must return a string or a Uint8Array");
}

/**
 * Returns the text of an error of a codec, escaped: it may quote the payload.
 */
function textOf(error: unknown): string {
  return printable(readThrown(error).message);
}
