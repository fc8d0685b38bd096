import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { Channel } from "../../channel/channel.ts";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { openConnection } from "../../channel/deno.ts";
import {
  encodeRequest,
  openRaw,
  type RawPeer,
} from "../../channel/fixtures/raw_peer.ts";
import { usedHeapBytes } from "../../channel/fixtures/heap.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { untilEnd } from "../../testing/fixtures/until_end.ts";
import type { RpcClient } from "../rpc_client.ts";
import type { RpcServer, RpcServerOptions } from "../server.ts";
import { service } from "../service/service.ts";

/** The time limit for a call of another client while a peer misbehaves. */
const BOUND_MS = 2_000;
const MIB = 1024 * 1024;

const shop = service({
  echo: (value: unknown) => value,
  take: (..._values: unknown[]) => null,
  make: () => () => 1,
  async *count() {
    for (let n = 0;; n++) yield n;
  },
  hang: untilEnd,
});

interface Scene {
  readonly server: RpcServer;
  readonly other: RpcClient<typeof shop>;
  /** The server's end of the connection to the bad peer. */
  readonly served: RpcClient;
  readonly raw: RawPeer;
}

/** Opens a server, a client of it, and a peer that has sent a hello. */
async function open(ctx: Ctx, options: RpcServerOptions = {}): Promise<Scene> {
  const server = await ctx.rpc.startServer(shop, options);
  const other = await ctx.rpc.connect<typeof shop>({ timeoutMs: BOUND_MS });
  await assertServed(other);
  const before = new Set(server.clients);
  const raw = await openRaw(server.address);
  raw.send(encodeRequest(0, ["$/hello", [{ version: 1, features: [] }], {}]));
  assertStringIncludes((await raw.receive())!, "[1,0,");
  const [served] = [...server.clients].filter((it) => !before.has(it));
  return { server, other, served: served!, raw };
}

async function assertServed(other: RpcClient<typeof shop>): Promise<void> {
  assertEquals(await other.remote.echo("?"), "?");
}

/** Returns the type of the answer, its id, and its content as text. */
async function receive(
  raw: RawPeer,
): Promise<[type: number, id: number, text: string]> {
  const [type, id, content] = JSON.parse((await raw.receive())!);
  return [type, id, JSON.stringify(content)];
}

withCtx(
  "a flood of cancels harms nobody, and takes nothing from calls",
  async (ctx) => {
    const { raw, served, other, server } = await open(ctx, {
      limits: { rates: { requestsPerSecond: 1, burstMs: 2_000 } },
    });
    using _raw = raw;
    for (let id = 1; id <= 3_000; id++) {
      raw.send(encodeRequest(id, ["$/cancel", [id * 7], {}]));
    }
    for (let id = 1; id <= 3_000; id++) {
      const [type, answered] = await receive(raw);
      assertEquals([type, answered], [1, id]);
    }
    assertEquals(server.stats().refusedRequests, 0);
    assertEquals(served.stats().runningCalls, 0);
    // Control requests are counted as frames only.
    raw.send(encodeRequest(5_000, ["echo", [1], {}]));
    assertEquals(await receive(raw), [1, 5_000, "1"]);
    await assertServed(other);
  },
);

withCtx({
  name: "a flood of hellos leaves nothing behind",
  timeoutMs: 60_000,
}, async (ctx) => {
  const { raw, served, other } = await open(ctx);
  using _raw = raw;
  const features = Array.from({ length: 1_000 }, (_, n) => `feature ${n}`);
  const hello = [{ version: 1, features }];
  const before = await usedHeapBytes();
  for (let id = 1; id <= 2_000; id++) {
    raw.send(encodeRequest(id, ["$/hello", hello, {}]));
    if (id % 100 !== 0) continue;
    for (let count = 0; count < 100; count++) await raw.receive();
  }
  const grown = await usedHeapBytes() - before;
  assert(grown < 4 * MIB, `${grown} bytes more`);
  assertEquals(served.stats().unansweredRequests, 0);
  await assertServed(other);
});

withCtx(
  "streams that are opened and forgotten are bounded, and end",
  async (ctx) => {
    const { raw, served, other } = await open(ctx);
    using _raw = raw;
    for (let id = 1; id <= 1_000; id++) {
      raw.send(encodeRequest(id, ["count", [], {}]));
    }
    for (let id = 1; id <= 1_000; id++) {
      assertEquals((await receive(raw))[0], 1);
    }
    // The streams have produced nothing, because nothing was requested.
    assertEquals(served.stats().streams, 1_000);
    await assertServed(other);
    raw[Symbol.dispose]();
    await served.closed;
    assertEquals(served.stats().streams, 0);
    assertEquals(served.stats().runningCalls, 0);
  },
);

withCtx("references that a peer never gives back are bounded", async (ctx) => {
  const maxReferences = 100;
  const { raw, served, other } = await open(ctx, { maxReferences });
  using _raw = raw;
  for (let id = 1; id <= 150; id++) {
    raw.send(encodeRequest(id, ["make", [], {}]));
  }
  const types: number[] = [];
  for (let id = 1; id <= 150; id++) {
    const [type, , text] = await receive(raw);
    types.push(type);
    if (type === 2) assertStringIncludes(text, "references are held");
  }
  assertEquals(types.filter((type) => type === 1).length, maxReferences);
  assertEquals(served.stats().references, maxReferences);
  using mine = await other.remote.make();
  assertEquals(await mine(), 1);
  raw[Symbol.dispose]();
  await served.closed;
  assertEquals(served.stats().references, 0);
});

withCtx(
  {
    name: "references that a peer passes by the thousands are not kept",
    timeoutMs: 60_000,
  },
  async (ctx) => {
    const { raw, served, other } = await open(ctx);
    using _raw = raw;
    const references = Array.from(
      { length: 2_000 },
      (_, key) => ({ __type__: [0, `$/ref/${key}`] }),
    );
    const content = encodeRequest(1, ["take", references, {}]);
    const send = async (times: number) => {
      for (let count = 0; count < times; count++) {
        raw.send(content);
        assertEquals((await receive(raw))[0], 1);
      }
    };
    // After these messages, the test's own log is full.
    await send(20);
    const before = await usedHeapBytes();
    await send(100);
    const grown = await usedHeapBytes() - before;
    assert(grown < 8 * MIB, `${grown} bytes more`);
    assertEquals(served.stats().references, 0);
    await assertServed(other);
  },
);

withCtx(
  "calls that never end are bounded, and end with their peer",
  async (ctx) => {
    const { raw, served, other, server } = await open(ctx, {
      limits: { requests: { maxUnanswered: 50 } },
    });
    using _raw = raw;
    for (let id = 1; id <= 60; id++) {
      raw.send(encodeRequest(id, ["hang", [], {}]));
    }
    for (let count = 0; count < 10; count++) {
      const [type, id, text] = await receive(raw);
      assertEquals(type, 2);
      assert(id > 50);
      assertStringIncludes(text, "busy");
    }
    assertEquals(served.stats().runningCalls, 50);
    await assertServed(other);
    raw[Symbol.dispose]();
    await served.closed;
    assertEquals(served.stats().runningCalls, 0);
    assertEquals(server.stats().heldBytes, 0);
  },
);

withCtx("answers to ids that were never asked are counted", async (ctx) => {
  const { raw, served, other } = await open(ctx);
  using _raw = raw;
  for (let id = 0; id < 1_000; id++) {
    raw.send(JSON.stringify([1 + id % 2, id, null]));
  }
  raw.send(encodeRequest(1, ["echo", ["still here"], {}]));
  assertEquals(await receive(raw), [1, 1, '"still here"']);
  assertEquals(served.stats().lateReplies, 1_000);
  await assertServed(other);
});

withCtx(
  "a JSON bomb ends its connection at once, and no other",
  async (ctx) => {
    const { raw, other } = await open(ctx);
    using _raw = raw;
    raw.send(new Uint8Array(16 * MIB).fill("[".charCodeAt(0)));
    await assertServed(other);
    assertEquals(await raw.receive(), null);
    await assertServed(other);
    const [error] = ctx.takeHandlerErrors();
    assertStringIncludes(String(error), "nested deeper");
  },
);

/** Encoded by a liar in place of a stream. */
class Forged {
  constructor(readonly path: string) {}
}

const summer = service({
  sum: async (values: AsyncIterable<number>) => {
    let sum = 0;
    for await (const value of values) sum += value;
    return sum;
  },
  echo: (value: unknown) => value,
});

/** Opens a channel whose peer may send what no real proxy or stream would. */
async function openLiar(ctx: Ctx, address: string): Promise<Channel> {
  return ctx.use(
    await openConnection(address, {
      ...ctx.options,
      serializers: [{
        type: Forged,
        serialize: ({ path }) => path,
        deserialize: (path) => new Forged(String(path)),
      }],
    }),
  );
}

/**
 * Calls the server with a stream of a peer that answers requests with
 * `batches`.
 */
async function sumOf(
  ctx: Ctx,
  batches: readonly { items: unknown[]; done: boolean }[],
  options: RpcServerOptions = {},
): Promise<{ sum: Promise<unknown>; server: RpcServer }> {
  const server = await ctx.rpc.startServer(summer, options);
  const liar = await openLiar(ctx, server.address);
  const sum = liar.send(["sum", [new Forged("$/stream/0")], {}]);
  const left = [...batches];
  (async () => {
    for await (const request of liar) {
      const batch = left.shift();
      // The last request is not answered.
      if (batch !== undefined) await request.reply(batch);
    }
  })();
  return { sum, server };
}

const ones = (count: number) => Array.from({ length: count }, () => 1);

withCtx(
  { name: "a stream is taken up to its window, and consumed", codecs },
  async (ctx) => {
    const { sum, server } = await sumOf(ctx, [
      { items: ones(64), done: false },
      // Requested when 48 of the previous items were consumed.
      { items: ones(48), done: false },
      { items: ones(3), done: true },
    ]);
    assertEquals(await sum, 115);
    const [served] = server.clients;
    assertEquals(served!.stats().heldBytes, 0);
  },
);

withCtx(
  { name: "a batch over the window ends the peer's connection", codecs },
  async (ctx) => {
    const { sum, server } = await sumOf(ctx, [
      { items: ones(65), done: true },
    ]);
    const other = await ctx.rpc.connect<typeof summer>();
    const error = await assertRejects(() => sum, ConnectionClosedError);
    assertEquals(error.by, "peer");
    assertEquals(await other.remote.echo("?"), "?");
    assertEquals(server.clients.size, 1);
  },
);

withCtx(
  { name: "a stream that this side cannot hold ends alone", codecs },
  async (ctx) => {
    const arrived = Promise.withResolvers<void>();
    const slow = service({
      measure: async (lists: AsyncIterable<unknown[]>) => {
        let length = 0;
        for await (const list of lists) {
          length += list.length;
          await arrived.promise;
        }
        return length;
      },
      arrived: () => arrived.resolve(),
      echo: (value: unknown) => value,
    });
    const server = await ctx.rpc.startServer(slow, {
      limits: { requests: { maxHeldBytes: 3_500_000 } },
    });
    const liar = await openLiar(ctx, server.address);
    const failed = assertRejects(
      () => liar.send(["measure", [new Forged("$/stream/0")], {}]),
      Error,
      "maxHeldBytes",
    );
    // Requested ahead, while half of the first items are not consumed.
    const list = Array.from({ length: 20_000 }, () => []);
    const batch = { items: [list, list], done: false };
    for (let question = 0; question < 2; question++) {
      const request = await liar.recv();
      assertEquals((request.content as unknown[])[0], "$/next");
      await request.reply(batch);
    }
    await liar.send(["arrived", [], {}]);
    await failed;
    const [served] = server.clients;
    assertEquals(await liar.send(["echo", [1], {}]), 1);
    assertEquals(served!.stats().heldBytes, 0);
  },
);
