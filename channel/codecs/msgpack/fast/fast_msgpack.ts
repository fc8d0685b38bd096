import type { Codec } from "../../codec.ts";
import { decodeMsgPack, MSGPACK_CARRIES } from "../_decode.ts";
import { encodeMsgPack } from "./_encode.ts";
import { takeBack } from "./_output.ts";

/**
 * Makes the fast MessagePack codec. It writes the same bytes as `msgpack` of
 * `@denomas/denomas/channel`, and decodes with the same reader, so that each
 * side may use either. It loads no other package, and needs no permissions.
 *
 * @example Both ways
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { fastMsgpack } from "@denomas/denomas/msgpack";
 *
 * const codec = fastMsgpack();
 * const payload = codec.encode([0, 1, new Uint8Array([255])]) as Uint8Array;
 * assertEquals(payload, new Uint8Array([0x93, 0, 1, 0xc4, 1, 255]));
 * assertEquals(codec.decode(payload), [0, 1, new Uint8Array([255])]);
 * ```
 */
export function fastMsgpack(): Codec {
  return {
    name: "msgpack",
    carries: MSGPACK_CARRIES,
    encode: encodeMsgPack,
    decode: decodeMsgPack,
    release: takeBack,
  };
}
