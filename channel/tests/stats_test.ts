import { assert, assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import type { Channel, ChannelStats } from "../channel.ts";
import { RemoteError, ServerBusyError, TimeoutError } from "../errors.ts";
import { openRaw } from "../fixtures/raw_peer.ts";
import type { Request } from "../request.ts";

/** Answers requests as their content says, and keeps all others. */
async function answer(channel: Channel, kept: Request[]): Promise<void> {
  for await (const request of channel) {
    if (request.content === "fail") await request.fail(new Error("no"));
    else if (request.content === "reply") await request.reply("yes");
    else kept.push(request);
  }
}

const TABLES = [
  "pendingCalls",
  "waitingCalls",
  "unansweredRequests",
  "heldBytes",
  "unreadRequests",
  "queuedBytes",
] as const;

function assertEmpty(stats: ChannelStats): void {
  for (const table of TABLES) assertEquals(stats[table], 0, table);
}

withCtx("stats() of a channel counts how its calls ended", async (ctx) => {
  const kept: Request[] = [];
  const channel = await ctx.startServerAndConnect((it) => answer(it, kept));
  await channel.send("reply");
  await assertRejects(() => channel.send("fail"), RemoteError);
  await assertRejects(
    () => channel.send("keep", { timeoutMs: 0 }),
    TimeoutError,
  );
  const controller = new AbortController();
  const given = channel.send("keep", { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assertRejects(() => given, Error, "enough");
  const lost = channel.send("keep");
  await channel.close();
  await assertRejects(() => lost);
  const stats = channel.stats();
  assertEquals(stats.calls, 5);
  assertEquals(
    [
      stats.failedCalls,
      stats.timedOutCalls,
      stats.abortedCalls,
      stats.lostCalls,
    ],
    [1, 1, 1, 1],
  );
  assertEmpty(stats);
});

withCtx("stats() of a server sums up open and ended channels", async (ctx) => {
  const sides: Channel[] = [];
  const server = await ctx.startServer((it) => {
    sides.push(it);
    return answer(it, []);
  });
  const first = await ctx.connect();
  await first.send("reply");
  await assertRejects(() => first.send("fail"), RemoteError);
  await first.close();
  const second = await ctx.connect();
  await second.send("reply");
  const stats = server.stats();
  assertEquals(stats.acceptedConnections, 2);
  assertEquals([stats.requests, stats.failedRequests], [3, 1]);
  assertEquals([stats.framesIn, stats.framesOut], [3, 3]);
  const [one, two] = sides.map((it) => it.stats().bytesIn);
  assert(one! > 0 && two! > 0);
  assertEquals(stats.bytesIn, one! + two!);
});

withCtx(
  "stats() of a server counts requests that are lost, and answers too late",
  async (ctx) => {
    const kept: Request[] = [];
    const got = Promise.withResolvers<void>();
    const server = await ctx.startServer(async (channel) => {
      kept.push(await channel.recv());
      got.resolve();
    });
    const channel = await ctx.connect();
    const [side] = server.channels;
    const call = channel.send("keep");
    await got.promise;
    assertEquals(server.stats().unansweredRequests, 1);
    await channel.close();
    await assertRejects(() => call);
    await side!.closed;
    await kept[0]!.reply("too late");
    const stats = server.stats();
    assertEquals([stats.requests, stats.lostRequests], [1, 1]);
    assertEquals(stats.droppedReplies, 1);
    assertEquals(side!.stats().droppedReplies, 1);
    assertEmpty(stats);
  },
);

withCtx("stats() of a server counts connections that failed", async (ctx) => {
  const server = await ctx.startServer(() => {}, { onError: () => {} });
  using peer = await openRaw(server.address);
  peer.send("no message");
  assertEquals(await peer.receive(), null);
  const good = await ctx.connect();
  await good.close();
  await ctx.closeServer();
  const stats = server.stats();
  assertEquals([stats.acceptedConnections, stats.failedConnections], [2, 1]);
  assertEquals(stats.channels, 0);
  assert(stats.bytesIn > 0);
});

withCtx("stats() counts what a channel refuses as it closes", async (ctx) => {
  const accepted = Promise.withResolvers<Channel>();
  const server = await ctx.startServer(accepted.resolve);
  const channel = await ctx.connect();
  const refused = assertRejects(() => channel.send("unread"), ServerBusyError);
  const side = await accepted.promise;
  while (side.stats().unreadRequests === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await side.close({ graceMs: 1_000 });
  await refused;
  assertEquals(server.stats().refusedRequests, 1);
  assertEquals(channel.stats().failedCalls, 1);
});
