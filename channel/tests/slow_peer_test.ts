import { assert, assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import { encodeRequest, openRaw, type RawPeer } from "../fixtures/raw_peer.ts";
import type { Channel } from "../channel.ts";
import { ConnectionClosedError } from "../errors.ts";
import type { LimitOptions } from "../limits/limits.ts";
import type { Server } from "../server.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";

const MIB = 1024 * 1024;

/** A peer that asks for `replies` of 1 MiB and reads none of them. */
async function ask(
  ctx: Ctx,
  replies: number,
  limits: LimitOptions,
): Promise<
  { server: Server; raw: RawPeer; channel: Channel; other: Channel }
> {
  const arrived = Promise.withResolvers<Channel>();
  const answer = "x".repeat(MIB);
  const server = await ctx.startServer(async (channel) => {
    arrived.resolve(channel);
    for await (const request of channel) request.reply(answer);
  }, { limits });
  const raw = await openRaw(server.address, { reads: false });
  for (let id = 0; id < replies; id++) raw.send(encodeRequest(id, null));
  const channel = await arrived.promise;
  return { server, raw, channel, other: await ctx.connect() };
}

withCtx(
  "a peer that takes nothing is cut off after slowPeerMs",
  async (ctx) => {
    const { raw, channel, other } = await ask(ctx, 12, {
      queues: { maxBytes: 16 * MIB, slowPeerMs: 50 },
    });
    const reason = await channel.closed;
    assertEquals([reason.by, reason.code], ["error", "slow-peer"]);
    raw[Symbol.dispose]();
    assertEquals((await other.send(0) as string).length, MIB);
  },
);

withCtx("a peer that is owed too much has a second to take it", async (ctx) => {
  const start = performance.now();
  const { raw, channel, other } = await ask(ctx, 14, {
    queues: { maxBytes: MIB },
  });
  const reason = await channel.closed;
  assertEquals([reason.by, reason.code], ["error", "slow-peer"]);
  assert(performance.now() - start > 900);
  raw[Symbol.dispose]();
  assertEquals((await other.send(0) as string).length, MIB);
});

withCtx(
  "a peer that is owed sixteen times the queue is cut at once",
  async (ctx) => {
    const { raw, channel, other } = await ask(ctx, 40, {
      queues: { maxBytes: MIB },
    });
    const reason = await channel.closed;
    assertEquals([reason.by, reason.code], ["error", "slow-peer"]);
    raw[Symbol.dispose]();
    assertEquals((await other.send(0) as string).length, MIB);
  },
);

withCtx(
  "a burst of large replies is no fault of a peer that reads",
  async (ctx) => {
    const answer = "x".repeat(MIB);
    const channel = await ctx.startServerAndConnect(async (channel) => {
      for await (const request of channel) request.reply(answer);
    }, { server: { limits: { queues: { maxBytes: MIB } } } });
    const calls = Array.from({ length: 12 }, () => channel.send(0));
    for (const reply of await Promise.all(calls)) {
      assertEquals((reply as string).length, MIB);
    }
  },
);

withCtx(
  "a server that was busy itself does not blame a peer that reads",
  async (ctx) => {
    const answer = "x".repeat(MIB);
    const replies = 12;
    const server = await ctx.startServer(async (channel) => {
      for await (const request of channel) {
        request.reply(answer);
        if (request.id < replies - 1) continue;
        const until = performance.now() + 1_200;
        while (performance.now() < until);
      }
    }, { limits: { queues: { maxBytes: MIB } } });
    const channel = await ctx.connect();
    const calls = Array.from({ length: replies }, () => channel.send(0));
    for (const reply of await Promise.all(calls)) {
      assertEquals((reply as string).length, MIB);
    }
    assertEquals(server.stats().cutConnections, 0);
  },
);

for (const slowPeerMs of [2 ** 31, 2 ** 40, Infinity]) {
  withCtx(
    `a peer that takes nothing is kept with a slowPeerMs of ${slowPeerMs}`,
    async (ctx) => {
      const { raw, other, server } = await ask(ctx, 12, {
        queues: { maxBytes: 16 * MIB, slowPeerMs },
      });
      for (let calls = 0; calls < 5; calls++) await other.send(0);
      assertEquals(server.stats().cutConnections, 0);
      raw[Symbol.dispose]();
    },
  );
}

withCtx(
  "a call for whose own frame the peer is cut off is settled",
  async (ctx) => {
    await ctx.startServer(() => {});
    const limits = { queues: { maxBytes: 1_024 } };
    const channel = await ctx.connect({ limits });
    const error = await assertRejects(
      () => channel.send("x".repeat(64 * 1_024)),
      ConnectionClosedError,
    );
    assertEquals([error.code, error.sent], ["slow-peer", false]);
  },
);
