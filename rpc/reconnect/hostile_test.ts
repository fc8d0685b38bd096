import { assert, assertRejects } from "@std/assert";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { WirePeer } from "../../channel/fixtures/wire_peer.ts";
import { withCtx } from "../../testing/ctx.ts";
import { openReconnecting } from "./deno.ts";

withCtx({
  name: "a server that comes back and is silent holds no call beyond its time",
  transports: ["tcp", "unix", "memory", "tls"],
}, async (ctx) => {
  let connections = 0;
  await using server = await WirePeer.listen(ctx, (peer) => {
    // The first one answers the hello, and ends at the call behind it.
    if (++connections > 1) return;
    peer.answer((content) => {
      if (JSON.stringify(content).includes("work")) peer[Symbol.dispose]();
      return { version: 1, features: ["call"] };
    });
  });
  await using client = await openReconnecting<{ work(): void }>(
    server.address,
    { ...ctx.options, timeoutMs: 300, backoff: { initialMs: 1 } },
  );
  const start = performance.now();
  // Whether it may be sent again is asked for, and not answered.
  await assertRejects(() => client.remote.work(), ConnectionClosedError);
  const ms = performance.now() - start;
  assert(ms < 2_000, `${ms} ms`);
  assert(connections > 1);
});
