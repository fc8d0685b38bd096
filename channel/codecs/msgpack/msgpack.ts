import { encode } from "@std/msgpack";
import type { Codec } from "../codec.ts";
import { decodeMsgPack, MSGPACK_CARRIES } from "./_decode.ts";

/**
 * Makes the MessagePack codec that encodes with `@std/msgpack`.
 *
 * - `Uint8Array` travels as bin, `bigint` within 64 bits as an integer; one in
 *   the range of safe integers arrives as a number. A number that is a safe
 *   integer also travels as an integer, so that Python reads an `int`. Half of
 *   a surrogate pair is refused.
 * - Received bytes belong to the receiver.
 * - Keys of maps are text. Integer keys of up to 32 bits, as a Python `dict`
 *   may have, become their decimal digits. Other keys and extension types, such
 *   as MessagePack's own time stamp, are an error.
 *
 * The codec `fastMsgpack` of `@denomas/denomas/msgpack` does the same, and
 * encodes many times faster.
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
export function msgpack(): Codec {
  return {
    name: "msgpack",
    carries: MSGPACK_CARRIES,
    encode: (value) => encode(widen(value) as Parameters<typeof encode>[0]),
    decode: decodeMsgPack,
  };
}

const MAX_UINT32 = 0xffff_ffff;
const MIN_INT32 = -0x8000_0000;

/**
 * `@std/msgpack` encodes a number beyond 32 bits as a float, which Python would
 * not accept as an index or a time in nanoseconds. As a `bigint` it stays an
 * integer.
 */
function widen(value: unknown): unknown {
  if (typeof value === "number") {
    const fits = value <= MAX_UINT32 && value >= MIN_INT32;
    return fits || !Number.isSafeInteger(value) ? value : BigInt(value);
  }
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) return value;
  if (Array.isArray(value)) return value.map(widen);
  const entries = Object.entries(value);
  return Object.fromEntries(entries.map(([key, it]) => [key, widen(it)]));
}
