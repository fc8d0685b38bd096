import { assert, assertEquals, assertRejects } from "@std/assert";
import { until } from "../../agent/fixtures/until.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { ConnectionClosedError, TimeoutError } from "../../channel/errors.ts";
import { WirePeer } from "../../channel/fixtures/wire_peer.ts";
import { withCtx } from "../../testing/ctx.ts";
import { DenomasError } from "../../transports/errors.ts";
import { openReconnecting } from "./deno.ts";

withCtx({
  name: "a server that comes back and is silent holds no call beyond its time",
  transports: ["tcp", "unix", "memory", "tls"],
}, async (ctx) => {
  let connections = 0;
  await using server = await WirePeer.listen(ctx, (peer) => {
    // The first connection answers the hello, and ends at the following call.
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
  // The call may have run, and times out before the next hello is answered.
  const error = await assertRejects(() => client.remote.work(), DenomasError);
  assert(
    error instanceof TimeoutError || error instanceof ConnectionClosedError,
  );
  assert(error.sent);
  const ms = performance.now() - start;
  assert(ms < 2_000, `${ms} ms`);
  assert(connections > 1);
});

withCtx({
  name: "a server that hangs after a hello once is given up, and sent no calls",
  transports: ["tcp", "unix", "memory", "tls"],
  codecs,
}, async (ctx) => {
  const heard: string[] = [];
  const peers: WirePeer[] = [];
  await using server = await WirePeer.listen(ctx, (peer) => {
    const n = peers.push(peer);
    peer.answer((content) => {
      heard.push(`${n} ${(content as [string])[0]}`);
      // The second connection hangs, like that of a suspended process.
      return n === 2 ? new Promise(() => {}) : { version: 1, features: [] };
    });
  });
  await using client = await openReconnecting<{ work(): void }>(
    server.address,
    {
      ...ctx.options,
      heartbeatMs: 60,
      queueTimeoutMs: 100,
      backoff: { initialMs: 1 },
      idempotent: ["work"],
      onError() {},
    },
  );
  await client.remote.work();
  peers[0]![Symbol.dispose]();
  await until(() => peers.length === 2);
  const start = performance.now();
  const { sent } = await assertRejects(
    () => client.remote.work(),
    ConnectionClosedError,
  );
  assertEquals(sent, false);
  await until(() => peers.length === 3 && client.state === "connected");
  const ms = performance.now() - start;
  await client.remote.work();
  assert(ms >= 100 && ms < 1_500, `${ms} ms`);
  assertEquals(heard.filter((it) => it.startsWith("2")), ["2 $/hello"]);
});
