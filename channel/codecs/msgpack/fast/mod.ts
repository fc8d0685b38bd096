/**
 * The MessagePack codec of channels, RPC and agents, without anything else.
 *
 * It is the same codec as `msgpack` of `@denomas/denomas/channel`, for code
 * that uses only the format.
 *
 * ```ts
 * import { fastMsgpack } from "@denomas/denomas/msgpack";
 * import { assertEquals } from "@std/assert";
 *
 * const codec = fastMsgpack();
 * const payload = codec.encode({ sensor: 7 }) as Uint8Array;
 * assertEquals(payload.length, 9);
 * assertEquals(codec.decode(payload), { sensor: 7 });
 * ```
 *
 * @module
 */
export { fastMsgpack } from "./fast_msgpack.ts";
