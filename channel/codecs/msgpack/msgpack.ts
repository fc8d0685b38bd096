import type { Codec } from "../codec.ts";
import { decodeMsgPack, MSGPACK_CARRIES } from "./_decode.ts";
import { encodeMsgPack } from "./_encode.ts";
import { takeBack } from "./_output.ts";

/**
 * Creates the MessagePack codec. It loads no other package.
 *
 * - `Uint8Array` travels as bin, and `bigint` within 64 bits as an integer. A
 *   `bigint` in the range of safe integers arrives as a number. A number that
 *   is a safe integer also travels as an integer, so that Python reads an
 *   `int`. Half of a surrogate pair is refused.
 * - Received bytes belong to the receiver.
 * - Keys of maps are text. Integer keys of up to 32 bits, as in a Python
 *   `dict`, become their decimal digits. Other keys and extension types, such
 *   as MessagePack's own time stamp, are an error.
 *
 * @example Both ways
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { msgpack } from "@denomas/denomas/channel";
 *
 * const codec = msgpack();
 * const payload = codec.encode([0, 1, new Uint8Array([255])]) as Uint8Array;
 * assertEquals(payload, new Uint8Array([0x93, 0, 1, 0xc4, 1, 255]));
 * assertEquals(codec.decode(payload), [0, 1, new Uint8Array([255])]);
 * ```
 */
export function msgpack(): Codec {
  return {
    name: "msgpack",
    carries: MSGPACK_CARRIES,
    encode: encodeMsgPack,
    decode: decodeMsgPack,
    release: takeBack,
  };
}
