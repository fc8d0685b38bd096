/** Memory that peers make a server hold is counted, and limited. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import type { Channel } from "../channel.ts";
import { type CloseReason, ConnectionClosedError } from "../errors.ts";
import {
  encodeRequest,
  openBytes,
  openRaw,
  type RawPeer,
} from "../fixtures/raw_peer.ts";
import type { LimitOptions } from "../limits/limits.ts";
import type { Server } from "../server.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

interface Echo {
  readonly server: Server;
  /** A well-behaved client, which has been answered once. */
  readonly other: Channel;
  /** The ends of the channels after `other`, in order. */
  readonly ends: CloseReason[];
}

/** Starts a server that echoes, and connects one client. */
async function startEcho(ctx: Ctx, limits: LimitOptions): Promise<Echo> {
  const ends: CloseReason[] = [];
  const server = await ctx.startServer(async (channel) => {
    channel.closed.then((reason) => ends.push(reason));
    for await (const request of channel) {
      request.reply(request.content === "give" ? "x".repeat(MIB) : "here");
    }
  }, { limits });
  const other = await ctx.connect();
  await assertServed(other);
  return { server, other, ends };
}

async function assertServed(client: Channel): Promise<void> {
  assertEquals(await client.send("?", { timeoutMs: 5_000 }), "here");
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}

withCtx(
  "a frame that grows over a server's budget ends its connection",
  async (ctx) => {
    const { server, other, ends } = await startEcho(ctx, {
      requests: { maxServerHeldBytes: 2 * MIB },
    });
    const stream = await openBytes(server.address);
    // The frame claims 8 MiB, and a host may hold 1 MiB.
    await stream.write(Uint8Array.of(0, 128, 0, 0));
    const part = new Uint8Array(64 * KIB);
    const write = async (parts: number) => {
      for (let rest = parts * part.length; rest > 0;) {
        rest -= await stream.write(part.subarray(0, rest));
      }
    };
    await write(8);
    await until(() => server.stats().heldBytes >= 512 * KIB);
    await assertServed(other);
    assertEquals(ends, []);
    const writing = write(16).catch(() => {});
    await until(() => ends.length > 0);
    assertEquals([ends[0]!.by, ends[0]!.code], ["error", "over-budget"]);
    const { cutConnections, heldBytes } = server.stats();
    assertEquals([cutConnections, heldBytes], [1, 0]);
    await assertServed(other);
    stream.close();
    await writing;
  },
);

withCtx(
  "a frame that has become whole is not counted as a part",
  async (ctx) => {
    const { server, other } = await startEcho(ctx, {});
    const text = "x".repeat(MIB);
    for (let calls = 0; calls < 5; calls++) await other.send(text);
    assertEquals(server.stats().heldBytes, 0);
  },
);

withCtx("answers that a peer does not read count for a server", async (ctx) => {
  const { server, other, ends } = await startEcho(ctx, {
    requests: { maxServerHeldBytes: 4 * MIB },
    queues: { maxBytes: 16 * MIB },
  });
  const raw = await openRaw(server.address, { reads: false });
  for (let id = 0; id < 30; id++) raw.send(encodeRequest(id, "give"));
  await until(() => ends.length > 0);
  assertEquals([ends[0]!.by, ends[0]!.code], ["error", "over-budget"]);
  assertEquals(server.stats().cutConnections, 1);
  await assertServed(other);
  raw[Symbol.dispose]();
});

withCtx("answers that a peer reads do not add up", async (ctx) => {
  const { server, other } = await startEcho(ctx, {
    requests: { maxServerHeldBytes: 8 * MIB },
  });
  for (let calls = 0; calls < 20; calls++) await other.send("give");
  assertEquals(server.stats().cutConnections, 0);
});

for (
  const [name, limits] of [
    ["connections.max", { connections: { max: 3 } }],
    ["connections.maxPerHost", { connections: { maxPerHost: 3 } }],
  ] as const
) {
  withCtx(
    `over ${name} the oldest connection that said nothing gives way`,
    async (ctx) => {
      const { server, ends } = await startEcho(ctx, limits);
      const silent: RawPeer[] = [];
      const open = async () => {
        silent.push(await openRaw(server.address));
        const channels = Math.min(silent.length + 1, 3);
        await until(() =>
          server.stats().acceptedConnections === silent.length + 1 &&
          server.channels.size === channels
        );
      };
      for (let count = 0; count < 5; count++) await open();
      assertEquals(ends.map((it) => it.code), Array(3).fill("server-full"));
      assertEquals(await silent[2]!.receive(), null);
      // A client that sends a request gets in, and stays.
      const [one, two] = [await ctx.connect(), await ctx.connect()];
      await assertServed(one);
      await assertServed(two);
      const late = await ctx.connect();
      await assertRejects(() => late.send(0), ConnectionClosedError);
      const { cutConnections, refusedConnections } = server.stats();
      assertEquals([cutConnections, refusedConnections], [5, 1]);
      await assertServed(one);
      for (const raw of silent) raw[Symbol.dispose]();
    },
  );
}

withCtx(
  "a peer that has answered counts as one that has spoken",
  async (ctx) => {
    const server = await ctx.startServer(async (channel) => {
      assertEquals(await channel.send("who?"), "ada");
      await channel.closed;
    }, { limits: { connections: { max: 1 } } });
    const first = await ctx.connect();
    await (await first.recv()).reply("ada");
    await until(() =>
      server.stats().calls === 1 && server.stats().pendingCalls === 0
    );
    await (await ctx.connect()).closed;
    assertEquals(server.stats().refusedConnections, 1);
    assert(server.channels.size === 1);
    await first.close();
  },
);

withCtx(
  "answers to this side's calls take nothing from the rates",
  async (ctx) => {
    const text = "x".repeat(10 * KIB);
    const server = await ctx.startServer(async (channel) => {
      for (let calls = 0; calls < 100; calls++) await channel.send(calls);
      await channel.close();
    }, {
      limits: {
        rates: {
          framesPerSecond: 0.001,
          bytesPerSecond: 2,
          burstMs: 10_000_000,
        },
      },
    });
    const channel = await ctx.connect();
    for await (const request of channel) await request.reply(text);
    assertEquals((await channel.closed).by, "peer");
    const { cutConnections, calls } = server.stats();
    assertEquals([cutConnections, calls], [0, 100]);
  },
);
