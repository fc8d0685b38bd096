import { assert, assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../testing/ctx.ts";
import { AddressInUseError } from "../transports/errors.ts";
import type { Channel } from "./channel.ts";
import { ConnectionClosedError } from "./errors.ts";
import { openConnection, startServer } from "./deno.ts";

withCtx(
  "startServer reports a handler that throws, and closes its channel alone",
  async (ctx) => {
    await ctx.startServer(async (channel) => {
      for await (const request of channel) {
        if (request.content === "throw") throw new Error("handler failed");
        await request.reply(request.content);
      }
    });
    const [bad, good] = [await ctx.connect(), await ctx.connect()];
    const error = await assertRejects(
      () => bad.send("throw"),
      ConnectionClosedError,
    );
    assertEquals(error.by, "peer");
    assertEquals(await good.send("still here"), "still here");
    const errors = ctx.takeHandlerErrors();
    assertEquals(errors.map((e) => (e as Error).message), ["handler failed"]);
  },
);

withCtx("startServer reports a handler that throws at once", async (ctx) => {
  const channel = await ctx.startServerAndConnect(() => {
    throw new Error("not even async");
  });
  assertEquals((await channel.closed).by, "peer");
  assertEquals(ctx.takeHandlerErrors().length, 1);
});

withCtx(
  "startServer takes the end of its own channel for a normal end",
  async (ctx) => {
    const channel = await ctx.startServerAndConnect(async (channel) => {
      while (true) await (await channel.recv()).reply("again");
    });
    assertEquals(await channel.send(0), "again");
    await channel.close();
    await ctx.closeServer();
    assertEquals(ctx.takeHandlerErrors(), []);
  },
);

withCtx(
  "startServer reports the end of another channel in a handler",
  async (ctx) => {
    const upstream = await ctx.startServer((channel) => channel.close());
    const proxy = await startServer(
      ctx.transport === "tcp"
        ? "tcp://127.0.0.1:0"
        : `${placeBeside(ctx.address)}`,
      async (channel) => {
        const request = await channel.recv();
        const other = await openConnection(upstream.address, ctx.options);
        await other.closed;
        await request.reply(await other.send(request.content));
      },
      ctx.options,
    );
    ctx.use(proxy);
    const channel = ctx.use(await openConnection(proxy.address, ctx.options));
    await assertRejects(() => channel.send("?"), ConnectionClosedError);
    await proxy.close();
    const [error, ...more] = ctx.takeHandlerErrors();
    assert(error instanceof ConnectionClosedError);
    assertEquals(more, []);
  },
);

/** Returns another address of the same transport. */
function placeBeside(address: string): string {
  return address.endsWith("]") ? `${address.slice(0, -1)}2]` : `${address}-2`;
}

withCtx(
  "startServer keeps a channel open after its handler returned",
  async (ctx) => {
    const channels: Channel[] = [];
    const connected = Promise.withResolvers<void>();
    const client = await ctx.startServerAndConnect((channel) => {
      channels.push(channel);
      connected.resolve();
    });
    await connected.promise;
    const pushed = channels[0]!.send("news");
    await (await client.recv()).reply("read");
    assertEquals(await pushed, "read");
  },
);

withCtx(
  "startServer serves many clients at once, and counts them",
  async (ctx) => {
    const server = await ctx.startServer(async (channel) => {
      for await (const request of channel) await request.reply(request.content);
    });
    const clients = await Promise.all(
      Array.from({ length: 50 }, () => ctx.connect()),
    );
    const replies = await Promise.all(
      clients.map((client, n) => client.send(n)),
    );
    assertEquals(replies, clients.map((_, n) => n));
    assertEquals(server.stats().channels, 50);
    assertEquals(server.channels.size, 50);
    await Promise.all(clients.map((client) => client.close()));
    await Promise.all([...server.channels].map((channel) => channel.closed));
    assertEquals(server.stats().channels, 0);
  },
);

withCtx(
  "startServer closes connections over its limit at once",
  async (ctx) => {
    const server = await ctx.startServer(async (channel) => {
      for await (const request of channel) await request.reply("ok");
    }, { limits: { connections: { max: 1 } } });
    const first = await ctx.connect();
    assertEquals(await first.send(0), "ok");
    const second = await ctx.connect();
    await second.closed;
    await assertRejects(() => second.send(0), ConnectionClosedError);
    assertEquals(server.stats().refusedConnections, 1);
    await first.close();
    await Promise.all([...server.channels].map((channel) => channel.closed));
    const third = await ctx.connect();
    assertEquals(await third.send(0), "ok");
  },
);

withCtx(
  "startServer refuses an address that is taken, and frees it on close",
  async (ctx) => {
    const server = await ctx.startServer(() => {});
    await assertRejects(
      () => startServer(server.address, () => {}, ctx.options),
      AddressInUseError,
    );
    await server.close();
    await server.close();
    const again = await startServer(server.address, () => {}, ctx.options);
    await again.close();
  },
);

withCtx("startServer can be unreferenced and referenced", async (ctx) => {
  const server = await ctx.startServer(async (channel) => {
    for await (const request of channel) await request.reply(null);
  });
  const early = await ctx.connect();
  await early.send(0);
  server.unref();
  early.unref();
  const late = await ctx.connect();
  await late.send(0);
  early.ref();
  server.ref();
  await early.send(1);
});

withCtx(
  "a handler may throw what cannot be looked at",
  async (ctx) => {
    const refuse = () => {
      throw null;
    };
    const hostile = new Proxy({}, {
      get: refuse,
      has: refuse,
      getPrototypeOf: refuse,
    });
    const told: unknown[] = [];
    const server = await ctx.startServer(() => {
      throw hostile;
    }, { onError: (error) => void told.push(error) });
    const channel = await ctx.connect();
    await assertRejects(() => channel.send("?"), ConnectionClosedError);
    await server.close();
    assert(told.length === 1 && told[0] === hostile);
  },
);
