/**
 * Frames between two ends: the lowest layer of denomas.
 *
 * A {@linkcode Transport} listens and connects; a {@linkcode Connection}
 * carries whole frames both ways. Built in are {@linkcode tcp},
 * {@linkcode tls}, {@linkcode unix} and {@linkcode memory}; one of your own needs a stream of
 * bytes and {@linkcode frameConnection}. This layer knows nothing of requests
 * and replies: for those take `@denomas/denomas/channel`.
 *
 * ```ts
 * import { memory } from "@denomas/denomas/transports";
 * import { assertEquals } from "@std/assert";
 *
 * const received = Promise.withResolvers<string>();
 * const listener = await memory.listen("local://frames", (connection) => {
 *   connection.start({
 *     frame: (payload) => received.resolve(new TextDecoder().decode(payload)),
 *     written: () => {},
 *     end: () => {},
 *   });
 * });
 *
 * const connection = await memory.connect("local://frames");
 * connection.start({ frame: () => {}, written: () => {}, end: () => {} });
 * connection.send("a frame");
 * assertEquals(await received.promise, "a frame");
 *
 * connection.close();
 * await listener.close();
 * ```
 *
 * @module
 */
export * from "./address.ts";
export * from "./errors.ts";
export * from "./frames/frame.ts";
export * from "./frames/framed_connection.ts";
export { memory, memoryPair } from "./memory.ts";
export { tcp } from "./tcp.ts";
export * from "./tls/tls.ts";
export * from "./tls/options.ts";
export * from "./transport.ts";
export { unix } from "./unix.ts";
