import { ProtocolError } from "../transports/errors.ts";
import { observed } from "../transports/internal.ts";
import { printable } from "../transports/printable.ts";
import {
  MESSAGE_KINDS,
  type MessageDirection,
  type MessageEvent,
} from "./_events.ts";
import type { Codec, DecodeLimits } from "./codecs/codec.ts";
import type { TypeEntry } from "./codecs/types/type_entry.ts";
import type { TypeTable } from "./codecs/types/type_table.ts";
import { messageOf } from "./codecs/types/_fault.ts";
import { SerializationError } from "./errors.ts";
import { runGuarded } from "./report.ts";
import { type Message, parseMessage } from "./message.ts";
import type { ArrivalContext } from "./message_context.ts";

/** Turns messages into payloads and back, and reports them to observers. */
export class MessageCodec {
  readonly #channel: object;
  readonly #codec: Codec;
  #types: TypeTable;
  #limits: DecodeLimits = { maxWeight: Infinity };

  /** Messages are reported as passing through `channel`. */
  constructor(channel: object, codec: Codec, types: TypeTable) {
    this.#channel = channel;
    this.#codec = codec;
    this.#types = types;
  }

  /** Adds types that can be sent, after those that it has. */
  addTypes(types: readonly TypeEntry[]): void {
    this.#types = this.#types.with(types);
  }

  /**
   * Encodes a message. The custom types in it are told `context`.
   *
   * @throws {SerializationError} If `content` cannot be carried.
   */
  encode(
    type: number,
    id: number,
    content: unknown,
    context: unknown,
  ): string | Uint8Array {
    const packed = this.#types.pack(content, this.#codec.carries, context);
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

  /** Gives back a payload that the connection has copied. */
  release(payload: string | Uint8Array): void {
    if (typeof payload !== "string") this.#codec.release?.(payload);
  }

  /**
   * Decodes a message; its content is still to be revived.
   *
   * @throws {ProtocolError} If it is none, or would take more memory than
   * `maxWeight`.
   */
  decode(payload: Uint8Array, maxWeight: number): Message {
    if (this.#limits.maxWeight !== maxWeight) this.#limits = { maxWeight };
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
    const message = parse(decoded);
    const { type, id, content } = message;
    this.#report("in", type, id, content);
    return message;
  }

  /**
   * Revives the custom types of a message's content. They are told `context`.
   *
   * @throws {SerializationError} If one cannot be revived.
   * @throws {ProtocolError} If the content breaks a limit.
   */
  revive(content: unknown, context: ArrivalContext): unknown {
    return this.#types.unpack(content, context, this.#limits.maxWeight);
  }

  /**
   * What the message revived last takes, if its payload had `bytes`: that, or
   * what its values take in memory if that is more.
   */
  weigh(bytes: number): number {
    return Math.max(bytes, this.#types.unpackedWeight);
  }
}

/** A codec of the user may return anything, such as a promise that rejects. */
function checkPayload(payload: string | Uint8Array): string | Uint8Array {
  if (typeof payload === "string" || payload instanceof Uint8Array) {
    return payload;
  }
  runGuarded(() => payload, () => {});
  throw new TypeError("'encode' must return a string or a Uint8Array");
}

function parse(decoded: unknown): Message {
  try {
    return parseMessage(decoded);
  } catch (error) {
    runGuarded(() => decoded, () => {});
    throw error;
  }
}

/** What a codec threw; it may quote the payload. */
function textOf(error: unknown): string {
  return printable(messageOf(error));
}
