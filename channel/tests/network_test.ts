import { assert, assertEquals, assertRejects } from "@std/assert";
import { until } from "../../agent/fixtures/until.ts";
import { echo } from "../../testing/fixtures/handlers.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Channel } from "../channel.ts";
import { ConnectionClosedError, TimeoutError } from "../errors.ts";
import { codecs } from "../fixtures/codecs.ts";

withCtx({
  name: "a channel carries its messages in small, late and narrow pieces",
  codecs,
}, async (ctx) => {
  const { network } = ctx;
  const channel = await ctx.startServerAndConnect(echo);
  network.pieces({ maxBytes: 7 });
  network.delay({ delayMs: 1, jitterMs: 3 });
  network.bandwidth({ bytesPerSecond: 200_000 });
  const contents = Array.from({ length: 20 }, (_, n) => ({ n, ü: "ß€🎈" }));
  const replies = contents.map((content) => channel.send(content));
  assertEquals(await Promise.all(replies), contents);
});

withCtx("every call on a reset connection settles", async (ctx) => {
  const { network } = ctx;
  const server = await ctx.startServer(echo);
  const channel = await ctx.connect();
  for (const fault of ["hold", "blackHole", "partition"] as const) {
    const next = await ctx.connect();
    network[fault]({ of: next });
    const calls = Array.from({ length: 50 }, (_, n) => next.send(n));
    const settled = Promise.allSettled(calls);
    await until(() => next.stats().queuedBytes === 0);
    network.reset({ of: next });
    for (const result of await settled) {
      assert(result.status === "rejected", fault);
      assert(result.reason instanceof ConnectionClosedError, fault);
      assertEquals(result.reason.sent, true);
    }
    assertEquals(next.stats().pendingCalls, 0);
    network.heal();
  }
  assertEquals(await channel.send("hi"), "hi");
  await until(() => server.channels.size === 1);
});

withCtx("a call that a partition holds can be given up", async (ctx) => {
  const { network } = ctx;
  const channel = await ctx.startServerAndConnect(echo);
  network.partition();
  await assertRejects(() => channel.send(1, { timeoutMs: 10 }), TimeoutError);
  const giveUp = new AbortController();
  const call = channel.send(2, { signal: giveUp.signal });
  await until(() => channel.stats().queuedBytes === 0);
  giveUp.abort(new Error("enough"));
  await assertRejects(() => call, Error, "enough");
  network.heal();
  assertEquals(await channel.send(3), 3);
  assertEquals(channel.stats().lateReplies, 2);
});

withCtx(
  "a peer that the network keeps from reading is cut off as slow",
  async (ctx) => {
    const { network } = ctx;
    const arrived = Promise.withResolvers<Channel>();
    const answer = "x".repeat(1024 * 1024);
    const channel = await ctx.startServerAndConnect(async (channel) => {
      arrived.resolve(channel);
      for await (const request of channel) request.reply(answer);
    }, {
      server: {
        limits: { queues: { maxBytes: 16 * 1024 * 1024, slowPeerMs: 50 } },
      },
    });
    network.hold({ towards: "client" });
    const calls = Promise.allSettled(
      Array.from({ length: 12 }, () => channel.send(null)),
    );
    const { code } = await (await arrived.promise).closed;
    assertEquals(code, "slow-peer");
    network.release();
    const lost = (await calls).filter((it) => it.status === "rejected");
    assert(lost.length > 0);
    // The connection was cut in the middle of an answer.
    ctx.takeHandlerErrors();
  },
);
