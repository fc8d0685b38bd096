/**
 * capnweb 0.12.0 (npm, MIT), by its JSON over Deno's own WebSocket at both
 * ends.
 *
 * Set up as its README says ("HTTP server on Deno"), as a user of Deno would.
 * A call is two messages. The WebSocket leaves Nagle's algorithm on and has no
 * option for it, so that the second one waits for the other side's delayed
 * acknowledgement: some 44 ms a call on Linux. `capnweb.ts` is without.
 *
 * @module
 */
import { capnwebOver } from "./_capnweb_over.ts";
import type { Peer } from "./_peer.ts";

/** Methods by capnweb, over Deno's WebSocket. */
export const capnwebDeno: Peer = capnwebOver(
  "capnweb-deno",
  (url) => new WebSocket(url),
);
