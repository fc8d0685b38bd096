import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { ProtocolError } from "../../transports/errors.ts";
import { encodeFrame } from "../../transports/frames/frame.ts";
import type { ByteStream } from "../../transports/transport.ts";
import type { Channel } from "../channel.ts";
import {
  type CloseReason,
  ConnectionClosedError,
  ServerBusyError,
} from "../errors.ts";
import { encodeRequest, openBytes, openRaw } from "../fixtures/raw_peer.ts";
import type { LimitOptions } from "../limits/limits.ts";
import type { Request } from "../request.ts";
import type { Server } from "../server.ts";

const MIB = 1024 * 1024;

/** The longest time of another client's call while a peer misbehaves. */
const BOUND_MS = 2_000;

interface Echo {
  readonly server: Server;
  /** A well-behaved client, which has been answered once. */
  readonly other: Channel;
  /** Resolves to the reason why the next channel closed. */
  nextEnd(): Promise<CloseReason>;
}

/** Starts a server that echoes, and connects one client. */
async function startEcho(ctx: Ctx, limits: LimitOptions): Promise<Echo> {
  let end = Promise.withResolvers<CloseReason>();
  const server = await ctx.startServer(async (channel) => {
    channel.closed.then((reason) => end.resolve(reason));
    for await (const request of channel) await request.reply(request.content);
  }, { limits });
  const other = await ctx.connect();
  await assertServed(other);
  return {
    server,
    other,
    nextEnd() {
      end = Promise.withResolvers();
      return end.promise;
    },
  };
}

/** Asserts that `client` is answered within {@linkcode BOUND_MS}. */
async function assertServed(client: Channel): Promise<void> {
  assertEquals(await client.send("?", { timeoutMs: BOUND_MS }), "?");
}

/**
 * Asserts that the next channel is cut with `reason`, and others are served.
 */
async function assertCut(
  { server, other }: Echo,
  end: Promise<CloseReason>,
  reason: string,
): Promise<void> {
  const { by, code: told } = await end;
  assertEquals([by, told], ["error", reason]);
  assertEquals(server.stats().cutConnections, 1);
  await assertServed(other);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Sends `bytes` one by one, `gapMs` apart, until the other side is gone. */
async function dribble(
  stream: ByteStream,
  bytes: Uint8Array,
  gapMs: number,
): Promise<void> {
  try {
    for (const byte of bytes) {
      await stream.write(Uint8Array.of(byte));
      await pause(gapMs);
    }
  } catch {
    // The server has cut it off, as it should.
  }
}

withCtx("a server has so many connections from one host", async (ctx) => {
  const { server, other } = await startEcho(ctx, {
    connections: { maxPerHost: 2 },
  });
  const second = await ctx.connect();
  await assertServed(second);
  const third = await ctx.connect();
  await third.closed;
  await assertRejects(() => third.send(0), ConnectionClosedError);
  assertEquals(server.stats().refusedConnections, 1);
  await second.close();
  await Promise.all([...server.channels].slice(1).map((it) => it.closed));
  await assertServed(await ctx.connect());
  await assertServed(other);
});

withCtx("a request over the rate is refused, and not run", async (ctx) => {
  const seen: unknown[] = [];
  const server = await ctx.startServer(async (channel) => {
    for await (const request of channel) {
      seen.push(request.content);
      await request.reply(request.content);
    }
  }, { limits: { rates: { requestsPerSecond: 0.01, burstMs: 500_000 } } });
  const channel = await ctx.connect();
  const calls = Array.from({ length: 8 }, (_, n) => channel.send(n));
  const results = await Promise.allSettled(calls);
  assertEquals(seen, [0, 1, 2, 3, 4]);
  for (const result of results.slice(5)) {
    assert(result.status === "rejected");
    assert(result.reason instanceof ServerBusyError);
  }
  assertEquals(server.stats().refusedRequests, 3);
  const [served] = [...server.channels];
  assertEquals(served!.stats().refusedRequests, 3);
  // Another connection has its own rate.
  assertEquals(await (await ctx.connect()).send("mine"), "mine");
});

withCtx(
  "a server's rate of requests holds for all its channels",
  async (ctx) => {
    await ctx.startServer(async (channel) => {
      for await (const request of channel) await request.reply(request.content);
    }, {
      limits: { rates: { serverRequestsPerSecond: 0.01, burstMs: 200_000 } },
    });
    const [a, b] = [await ctx.connect(), await ctx.connect()];
    assertEquals([await a.send(1), await b.send(2)], [1, 2]);
    await assertRejects(() => a.send(3), ServerBusyError);
    await assertRejects(() => b.send(4), ServerBusyError);
  },
);

withCtx("a rate lets requests through again after a while", async (ctx) => {
  await ctx.startServer(async (channel) => {
    for await (const request of channel) await request.reply(request.content);
  }, { limits: { rates: { requestsPerSecond: 50, burstMs: 20 } } });
  const channel = await ctx.connect();
  assertEquals(await channel.send(1), 1);
  for (;;) {
    const answer = await channel.send(2).catch((error) => error);
    if (answer === 2) break;
    assert(answer instanceof ServerBusyError);
  }
});

withCtx("a peer that sends too many frames is cut", async (ctx) => {
  const echo = await startEcho(ctx, {
    rates: { framesPerSecond: 1, burstMs: 50_000 },
  });
  const end = echo.nextEnd();
  using raw = await openRaw(echo.server.address);
  // Replies that answer no request are frames as well.
  for (let id = 0; id < 51; id++) raw.send(`[1,${id},null]`);
  await assertCut(echo, end, "rate-limit");
});

withCtx("a peer that sends too many bytes is cut", async (ctx) => {
  const echo = await startEcho(ctx, { rates: { bytesPerSecond: MIB } });
  const end = echo.nextEnd();
  using raw = await openRaw(echo.server.address);
  const text = "x".repeat(MIB);
  for (let id = 0; id < 3; id++) raw.send(encodeRequest(id, text));
  await assertCut(echo, end, "rate-limit");
});

withCtx(
  "a request of many lists and maps counts what it takes",
  async (ctx) => {
    const held: Request[] = [];
    await ctx.startServer(async (channel) => {
      for await (const request of channel) held.push(request);
    }, { limits: { requests: { maxHeldBytes: MIB } } });
    for (const part of [[], {}, "a text of 20 units"]) {
      const channel = await ctx.connect();
      const parts = Array.from({ length: 10_000 }, () => part);
      const first = channel.send(parts);
      // Together they exceed the limit, though they are short on the wire.
      await assertRejects(() => channel.send(parts), ServerBusyError, "bytes");
      await held.pop()!.reply("done");
      assertEquals(await first, "done");
    }
    assertEquals(held, []);
  },
);

withCtx(
  "a message that weighs more than may be held closes that connection",
  async (ctx) => {
    const { server, other } = await startEcho(ctx, {
      requests: { maxHeldBytes: MIB },
    });
    const text = "x".repeat(200_000);
    for (const part of [[], {}, "text", { a: 1 }]) {
      const channel = await ctx.connect();
      const parts = Array.from({ length: 50_000 }, () => part);
      await assertRejects(() => channel.send(parts), ConnectionClosedError);
      const [error] = ctx.takeHandlerErrors();
      assertInstanceOf(error, ProtocolError);
      assertStringIncludes(error.message, "maxHeldBytes");
    }
    assertEquals(await other.send(text), text);
    assertEquals(server.stats().heldBytes, 0);
  },
);

withCtx("a peer that opens and says nothing is cut", async (ctx) => {
  const echo = await startEcho(ctx, { connections: { firstFrameMs: 500 } });
  const end = echo.nextEnd();
  using _raw = await openRaw(echo.server.address);
  await assertCut(echo, end, "first-frame");
});

withCtx("a server may be silent for as long as it likes", async (ctx) => {
  const server = await ctx.startServer(async (channel) => {
    await channel.closed;
  });
  const channel = await ctx.connect({
    limits: { connections: { firstFrameMs: 20 } },
  });
  await pause(100);
  assertEquals(server.channels.size, 1);
  await channel.close();
});

withCtx("a peer that sends a byte now and then is cut", async (ctx) => {
  const echo = await startEcho(ctx, {
    frames: { timeoutMs: 150 },
    connections: { firstFrameMs: 60 },
  });
  const end = echo.nextEnd();
  using stream = useStream(await openBytes(echo.server.address));
  const frame = encodeFrame(encodeRequest(0, "x".repeat(1_000)));
  const sending = dribble(stream.stream, frame, 5);
  await assertCut(echo, end, "slow-frame");
  stream[Symbol.dispose]();
  await sending;
});

withCtx("a slow peer that gets its frames done is served", async (ctx) => {
  const echo = await startEcho(ctx, {
    frames: { timeoutMs: 2_000 },
    connections: { idleMs: 5_000 },
  });
  using stream = useStream(await openBytes(echo.server.address));
  for (let id = 0; id < 3; id++) {
    await dribble(stream.stream, encodeFrame(encodeRequest(id, "hi")), 1);
    const into = new Uint8Array(64);
    const read = await stream.stream.read(into);
    assertEquals(
      new TextDecoder().decode(into.subarray(4, read!)),
      `[1,${id},"hi"]`,
    );
  }
});

withCtx(
  "a peer that sends only headers is cut, and makes no memory taken",
  async (ctx) => {
    const echo = await startEcho(ctx, { frames: { timeoutMs: 300 } });
    const end = echo.nextEnd();
    const before = Deno.memoryUsage();
    const header = Uint8Array.of(1, 0, 0, 0); // claims 16 MiB
    const streams = await Promise.all(
      Array.from({ length: 20 }, () => openBytes(echo.server.address)),
    );
    for (const stream of streams) await stream.write(header);
    await assertServed(echo.other);
    const { external, heapUsed } = Deno.memoryUsage();
    const grown = external + heapUsed - before.external - before.heapUsed;
    assert(grown < 16 * MIB, `${grown} bytes more`);
    assertEquals((await end).code, "slow-frame");
    while (echo.server.channels.size > 1) await pause(10);
    assertEquals(echo.server.stats().cutConnections, 20);
    await assertServed(echo.other);
    for (const stream of streams) stream.close();
  },
);

withCtx("an idle peer is cut, and one that waits is not", async (ctx) => {
  const answered = Promise.withResolvers<void>();
  const ends: CloseReason[] = [];
  await ctx.startServer(async (channel) => {
    channel.closed.then((reason) => ends.push(reason));
    const request = await channel.recv();
    if (request.content === "wait") await answered.promise;
    await request.reply("done");
    await channel.closed;
  }, { limits: { connections: { idleMs: 300 } } });
  const [idle, waiting] = [await ctx.connect(), await ctx.connect()];
  const call = waiting.send("wait");
  await idle.send("quick");
  await idle.closed;
  assertEquals(ends.map((it) => [it.by, it.code]), [["error", "idle"]]);
  answered.resolve();
  assertEquals(await call, "done");
  await waiting.closed;
});

withCtx("a peer that reads a byte now and then is cut", async (ctx) => {
  const echo = await startEcho(ctx, {
    queues: { maxBytes: 256 * 1024, slowPeerMs: 100 },
  });
  const end = echo.nextEnd();
  using stream = useStream(await openBytes(echo.server.address));
  const frame = (id: number) => encodeFrame(encodeRequest(id, "x".repeat(MIB)));
  const into = new Uint8Array(1);
  let isOver = false;
  const reading = (async () => {
    while (!isOver && await stream.stream.read(into) !== null) await pause(5);
  })().catch(() => {});
  const sending = (async () => {
    for (let id = 0; id < 40; id++) {
      for (let rest = frame(id); rest.length > 0;) {
        rest = rest.subarray(await stream.stream.write(rest));
      }
    }
  })().catch(() => {});
  await assertCut(echo, end, "slow-peer");
  isOver = true;
  stream[Symbol.dispose]();
  await Promise.all([reading, sending]);
});

withCtx(
  "a client is protected from its server in the same way",
  async (ctx) => {
    await ctx.startServer(async (channel) => {
      await channel.recv();
      for (let count = 0; count < 6; count++) {
        channel.send(count).catch(() => {});
      }
      await channel.closed;
    });
    const channel = await ctx.connect({
      limits: { rates: { framesPerSecond: 0.01, burstMs: 500_000 } },
    });
    const error = await assertRejects(
      () => channel.send("go"),
      ConnectionClosedError,
    );
    assertEquals([error.by, error.code], ["error", "rate-limit"]);
  },
);

/** A stream that is closed once, even if the test fails. */
function useStream(
  stream: ByteStream,
): { stream: ByteStream } & Disposable {
  let isClosed = false;
  return {
    stream,
    [Symbol.dispose]() {
      if (!isClosed) stream.close();
      isClosed = true;
    },
  };
}
