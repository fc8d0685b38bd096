/**
 * capnweb 0.12.0 (npm, MIT), by its JSON over a WebSocket, which is that of
 * ws 8.23.0 (npm, MIT) at the client.
 *
 * Set up as its README says: "HTTP server on Deno" for the server, and
 * `newWebSocketRpcSession` for the client. A stream is a `ReadableStream` that
 * a method returns ("Streaming with flow control"). The README names ws for
 * Node; here it is what sets no-delay, which Deno's own WebSocket does not, as
 * `capnweb_deno.ts` shows.
 *
 * Left off: HTTP batches, pipelining, and disposing of results, which frees
 * the stubs in them, of which there are none.
 *
 * @module
 */
import { capnwebOver } from "./_capnweb_over.ts";
import { load } from "./_load.ts";
import type { Peer } from "./_peer.ts";

/** Methods by capnweb, over the WebSocket of ws. */
export const capnweb: Peer = capnwebOver("capnweb", async (url) => {
  const { WebSocket } = await load("ws");
  return new WebSocket(url);
});
