/**
 * A fast MessagePack codec for channels, RPC and agents.
 *
 * It encodes the same bytes as `msgpack` of `@denomas/denomas/channel` in a
 * fraction of the time, and loads no other package. Tests compare it with
 * `@std/msgpack`, which that codec encodes with.
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
export { fastMsgpack } from "./fast_msgpack.ts";
