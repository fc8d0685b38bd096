import { decode as stdDecode, encode as stdEncode } from "@std/msgpack";
import { MSGPACK_CARRIES } from "./_format.ts";
import { readSkimmedMsgPack } from "./_reader.ts";
import { skimMsgPack } from "./_skim.ts";
import type { Codec } from "../codec.ts";

/**
 * Encodes and decodes MessagePack for {@linkcode msgpack}, which checks every
 * payload before the engine sees it, and keeps away what engines get wrong.
 */
export interface MsgPackEngine {
  /**
   * Encodes plain data. A `bigint`, always within 64 bits, must become an
   * integer, and a `Uint8Array` a bin.
   */
  encode(value: unknown): Uint8Array;
  /**
   * Decodes a payload. Integers of 64 bits must come back as `bigint`, or as
   * `number` where that is exact; a bin as `Uint8Array`, which may be a view
   * of `bytes`; integer keys of a map as properties.
   */
  decode(bytes: Uint8Array): unknown;
}

/** Options for {@linkcode msgpack}. */
export interface MsgPackOptions {
  /**
   * What encodes and decodes. The default is slow; the codec `fastMsgpack` of
   * `@denomas/denomas/msgpack` does the same without an engine.
   *
   * @default {`encode` and `decode` of `@std/msgpack`}
   */
  readonly engine?: MsgPackEngine;
}

/**
 * Makes the MessagePack codec.
 *
 * - `Uint8Array` travels as bin, `bigint` within 64 bits as an integer; one in
 *   the range of safe integers arrives as a number. A number that is a safe
 *   integer travels as an integer, too, so that Python reads an `int`. Half of
 *   a surrogate pair is refused.
 * - Bytes that arrive are the receiver's own, but those of one message may
 *   share one `ArrayBuffer`.
 * - Keys of maps are text; integers of up to 32 bits, as a Python `dict` may
 *   have, become their decimal digits. Other keys and extension types, such as
 *   MessagePack's own time stamp, are an error.
 *
 * @example Both ways
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { msgpack } from "@denomas/denomas/channel";
 *
 * const codec = msgpack();
 * const payload = codec.encode([0, 1, new Uint8Array([255])]);
 * assertEquals(payload, new Uint8Array([0x93, 0, 1, 0xc4, 1, 255]));
 * ```
 */
export function msgpack(options: MsgPackOptions = {}): Codec {
  const { engine = STD_ENGINE } = options;
  return {
    name: "msgpack",
    carries: MSGPACK_CARRIES,
    encode: (value) => engine.encode(widen(value)),
    decode: (payload, limits) => {
      const { binary, delicate } = skimMsgPack(payload, limits?.maxWeight);
      if (delicate) return readSkimmedMsgPack(payload);
      // The payload is the connection's buffer, of which no view may be kept.
      // A constructor copies whatever the payload is; `Buffer.slice` does not.
      return engine.decode(binary ? new Uint8Array(payload) : payload);
    },
  };
}

const STD_ENGINE: MsgPackEngine = {
  encode: (value) => stdEncode(value as Parameters<typeof stdEncode>[0]),
  decode: stdDecode,
};

const MAX_UINT32 = 0xffff_ffff;
const MIN_INT32 = -0x8000_0000;

/**
 * Engines write a number beyond 32 bits as a float, which Python would not
 * take for an index or a time in nanoseconds; as a `bigint` it stays an
 * integer. Data without one is returned as it is.
 */
function widen(value: unknown): unknown {
  if (typeof value === "number") {
    const fits = value <= MAX_UINT32 && value >= MIN_INT32;
    return fits || !Number.isSafeInteger(value) ? value : BigInt(value);
  }
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) {
    const wide = value.map(widen);
    return wide.every((item, index) => Object.is(item, value[index]))
      ? value
      : wide;
  }
  if (value instanceof Uint8Array) return value;
  const entries = Object.entries(value);
  const wide = entries.map(([key, item]) => [key, widen(item)] as const);
  return wide.every(([, item], index) => Object.is(item, entries[index]![1]))
    ? value
    : Object.fromEntries(wide);
}
