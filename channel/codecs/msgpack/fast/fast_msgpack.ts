import { MSGPACK_CARRIES } from "../_format.ts";
import { isLightMsgPack, skimMsgPack } from "../_skim.ts";
import type { Codec, DecodeLimits } from "../../codec.ts";
import { decodeMsgPack } from "./_decode.ts";
import { encodeMsgPack } from "./_encode.ts";
import { takeBack } from "./_output.ts";

/**
 * Makes the fast MessagePack codec. It writes the same bytes as `msgpack` of
 * `@denomas/denomas/channel`, reads and refuses the same, and carries the same
 * values, so that each side may use either.
 *
 * - A payload is checked while it is read, in one pass. One of more than 1 MiB
 *   is looked at before, so that none takes more memory than it may.
 * - Bytes that arrive are the receiver's own.
 * - It loads no other package, and needs no permissions.
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
    decode,
    release: takeBack,
  };
}

function decode(payload: Uint8Array, limits?: DecodeLimits): unknown {
  const maxWeight = limits?.maxWeight ?? Infinity;
  const isSkimmed = !isLightMsgPack(payload, maxWeight);
  if (isSkimmed) skimMsgPack(payload, maxWeight);
  try {
    return decodeMsgPack(payload, { isSkimmed });
  } catch (error) {
    // The same pass as that of `msgpack` tells what is wrong, and where.
    skimMsgPack(payload);
    throw error;
  }
}
