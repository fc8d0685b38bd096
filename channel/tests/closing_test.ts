import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import type { Channel } from "../channel.ts";
import { ConnectionClosedError, ServerBusyError } from "../errors.ts";
import type { Request } from "../request.ts";
import type { Server } from "../server.ts";
import { transportOf } from "../../testing/fixtures/transport_of.ts";

/** Asserts that nothing is left in a channel's tables. */
function assertEmpty(channel: Channel): void {
  const stats = channel.stats();
  assertEquals({
    pendingCalls: stats.pendingCalls,
    waitingCalls: stats.waitingCalls,
    unansweredRequests: stats.unansweredRequests,
    heldBytes: stats.heldBytes,
    unreadRequests: stats.unreadRequests,
  }, {
    pendingCalls: 0,
    waitingCalls: 0,
    unansweredRequests: 0,
    heldBytes: 0,
    unreadRequests: 0,
  });
}

withCtx("close tells both sides who closed", async (ctx) => {
  const ended = Promise.withResolvers<unknown>();
  const channel = await ctx.startServerAndConnect(async (channel) => {
    ended.resolve(await channel.closed);
  });
  await channel.close();
  assertEquals((await channel.closed).by, "local");
  assertEquals((await ended.promise as { by: string }).by, "peer");
  assertEmpty(channel);
});

withCtx("close may be called again, at once or later", async (ctx) => {
  const channel = await ctx.startServerAndConnect(() => {});
  await Promise.all([channel.close(), channel.close({ graceMs: 1_000 })]);
  await channel.close();
  await channel[Symbol.asyncDispose]();
});

withCtx("close writes what was queued before it", async (ctx) => {
  const big = "x".repeat(3_000_000);
  const channel = await ctx.startServerAndConnect(async (channel) => {
    const request = await channel.recv();
    request.reply(big);
    await channel.close();
  });
  assertEquals(await channel.send("all of it"), big);
});

withCtx("close rejects later calls as never sent", async (ctx) => {
  const channel = await ctx.startServerAndConnect(() => {});
  const closing = channel.close();
  const error = await assertRejects(
    () => channel.send("too late"),
    ConnectionClosedError,
  );
  assertEquals([error.by, error.sent], ["local", false]);
  await closing;
  await assertRejects(() => channel.recv(), ConnectionClosedError);
  await assertRejects(() => channel.drained(), ConnectionClosedError);
  for await (const _ of channel) throw new Error("nothing to read");
});

withCtx("close during a send settles the call", async (ctx) => {
  const channel = await ctx.startServerAndConnect(async (channel) => {
    for await (const request of channel) await request.reply(null);
  });
  const call = channel.send("x".repeat(1_000_000));
  const settled = Promise.allSettled([call]);
  await channel.close();
  const [result] = await settled;
  if (result!.status === "rejected") {
    assertInstanceOf(result!.reason, ConnectionClosedError);
  }
  assertEmpty(channel);
});

withCtx("close with graceMs lets handlers answer first", async (ctx) => {
  const received = Promise.withResolvers<Request>();
  const closing = Promise.withResolvers<void>();
  const channel = await ctx.startServerAndConnect(async (channel) => {
    received.resolve(await channel.recv());
    const closed = channel.close({ graceMs: 5_000 });
    closing.resolve();
    await closed;
  });
  const call = channel.send("before");
  const request = await received.promise;
  await closing.promise;
  const refused = await assertRejects(
    () => channel.send("meanwhile"),
    ServerBusyError,
  );
  assert(refused.message.includes("closing, connect again"), refused.message);
  await request.reply("answered");
  assertEquals(await call, "answered");
  assertEquals((await channel.closed).by, "peer");
});

withCtx("close cuts the connection when graceMs is over", async (ctx) => {
  const aborted = Promise.withResolvers<unknown>();
  const channel = await ctx.startServerAndConnect(async (channel) => {
    const { signal } = await channel.recv();
    signal.addEventListener("abort", () => aborted.resolve(signal.reason));
    const start = performance.now();
    await channel.close({ graceMs: 30 });
    assert(performance.now() - start < 1_000);
    assertEmpty(channel);
  });
  const error = await assertRejects(
    () => channel.send("never answered"),
    ConnectionClosedError,
  );
  assertEquals([error.by, error.sent], ["peer", true]);
  assertInstanceOf(await aborted.promise, ConnectionClosedError);
});

withCtx(
  "close with a shorter graceMs shortens a close in progress",
  async (ctx) => {
    const channel = await ctx.startServerAndConnect(async (channel) => {
      await channel.recv();
      const start = performance.now();
      const patient = channel.close({ graceMs: 60_000 });
      await channel.close({ graceMs: 0 });
      await patient;
      assert(performance.now() - start < 5_000);
    });
    await assertRejects(() => channel.send("?"), ConnectionClosedError);
  },
);

withCtx("close refuses requests that no handler has taken", async (ctx) => {
  const first = Promise.withResolvers<Request>();
  const channel = await ctx.startServerAndConnect(async (channel) => {
    const request = await channel.recv();
    first.resolve(request);
    await channel.closed;
  });
  const calls = [channel.send("taken"), channel.send("not taken")];
  const request = await first.promise;
  const refused = assertRejects(() => calls[1]!, ServerBusyError);
  const closing = ctx.closeServer();
  await refused;
  await request.reply("done");
  assertEquals(await calls[0], "done");
  await closing;
});

withCtx("close of the server under load settles every call", async (ctx) => {
  const channels: Channel[] = [];
  const server = await ctx.startServer(async (channel) => {
    for await (const request of channel) await request.reply(request.content);
  });
  for (let i = 0; i < 5; i++) channels.push(await ctx.connect());
  const calls = channels.flatMap((channel) =>
    Array.from({ length: 400 }, (_, n) => channel.send([n, "x".repeat(500)]))
  );
  const settled = Promise.allSettled(calls);
  await calls[0];
  await server.close();
  for (const result of await settled) {
    if (result.status === "fulfilled") continue;
    assert(
      result.reason instanceof ConnectionClosedError ||
        result.reason instanceof ServerBusyError,
      String(result.reason),
    );
  }
  for (const channel of channels) {
    await channel.closed;
    assertEmpty(channel);
  }
  assertEquals(server.stats().channels, 0);
  assertEquals(server.stats().heldBytes, 0);
});

withCtx("close of the server works from inside a handler", async (ctx) => {
  let server: Server | undefined = undefined;
  const closed = Promise.withResolvers<void>();
  server = await ctx.startServer(async (channel) => {
    const request = await channel.recv();
    await request.reply("good bye");
    server!.close().then(closed.resolve);
  });
  const channel = await ctx.connect();
  assertEquals(await channel.send("stop"), "good bye");
  await closed.promise;
  assertEquals((await channel.closed).by, "peer");
});

withCtx(
  "close of the server awaited inside a handler ends after graceMs",
  async (ctx) => {
    let server: Server | undefined = undefined;
    const tookMs = Promise.withResolvers<number>();
    server = await ctx.startServer(async (channel) => {
      await (await channel.recv()).reply("good bye");
      const start = performance.now();
      await server!.close({ graceMs: 40 });
      tookMs.resolve(performance.now() - start);
    });
    const channel = await ctx.connect();
    assertEquals(await channel.send("stop"), "good bye");
    const took = await tookMs.promise;
    assert(took >= 35 && took < 1_000, `${took} ms`);
  },
);

withCtx("close does not wait long for a peer that never reads", async (ctx) => {
  const arrived = Promise.withResolvers<Channel>();
  const server = await ctx.startServer(async (channel) => {
    arrived.resolve(channel);
    await channel.closed;
  });
  const connection = await transportOf(server.address)
    .connect(server.address);
  // Frames are never read from this connection.
  try {
    const channel = await arrived.promise;
    const call = assertRejects(
      () => channel.send("x".repeat(8_000_000)),
      ConnectionClosedError,
    );
    const start = performance.now();
    await channel.close({ graceMs: 50 });
    assert(performance.now() - start < 1_000);
    await call;
  } finally {
    connection.stream.close();
  }
});

withCtx("connection cut under load settles all on both sides", async (ctx) => {
  const served = Promise.withResolvers<Channel>();
  await ctx.startServer(async (channel) => {
    served.resolve(channel);
    for await (const request of channel) await request.reply(request.content);
  });
  const client = await ctx.connect();
  const calls = Array.from({ length: 3_000 }, (_, n) => client.send(n));
  const settled = Promise.allSettled(calls);
  await calls[10];
  const channel = await served.promise;
  await channel.close({ graceMs: 0 });
  for (const result of await settled) {
    if (result.status === "rejected") {
      assertInstanceOf(result.reason, ConnectionClosedError);
    }
  }
  assertEmpty(client);
  assertEmpty(channel);
});
