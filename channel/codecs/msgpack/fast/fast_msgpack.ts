import type { Codec } from "../../codec.ts";
import { msgpack } from "../msgpack.ts";

/**
 * Creates the same codec as `msgpack` of `@denomas/denomas/channel`. This entry
 * loads nothing else.
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
  return msgpack();
}
