/**
 * A fast MessagePack codec, for channels, RPC and agents.
 *
 * It does the same as `msgpack` of `@denomas/denomas/channel`, to the byte,
 * in a fraction of the time. That one rests on `@std/msgpack`, and stays the
 * reference that this one is held to.
 *
 * ```ts
 * import { openConnection, startServer } from "@denomas/denomas/channel";
 * import { fastMsgpack } from "@denomas/denomas/msgpack";
 * import { assertEquals } from "@std/assert";
 *
 * const codec = fastMsgpack();
 * await using server = await startServer("local://fast", async (channel) => {
 *   for await (const request of channel) await request.reply(request.content);
 * }, { codec });
 * await using channel = await openConnection(server.address, { codec });
 * const bytes = new Uint8Array(1_000);
 * assertEquals(await channel.send(bytes), bytes);
 * ```
 *
 * @module
 */
export * from "./fast_msgpack.ts";
