/** Tests the limits for strangers that docs/security.md recommends. */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  encodeRequest,
  openBytes,
  openRaw,
} from "../../channel/fixtures/raw_peer.ts";
import { withCtx } from "../../testing/ctx.ts";
import { service } from "../service/service.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

/** The limits of the guide that bound sizes and rates. */
const LIMITS = {
  frames: { maxBytes: 256 * KIB },
  requests: {
    maxUnanswered: 100,
    maxHeldBytes: 16 * MIB,
    maxServerHeldBytes: 512 * MIB,
  },
  queues: { maxBytes: 512 * KIB },
  rates: {
    requestsPerSecond: 100,
    framesPerSecond: 500,
    bytesPerSecond: MIB,
    serverRequestsPerSecond: 5_000,
    burstMs: 5_000,
  },
};

async function* produce(items: number, item: unknown) {
  for (let count = 0; count < items; count++) yield item;
}

async function count(stream: AsyncIterable<unknown>): Promise<number> {
  let items = 0;
  for await (const _ of stream) items++;
  return items;
}

const pipes = service({
  lines: produce,
  count,
});

for (
  const [what, streams, items, item] of [
    ["many streams of large items", 80, 40, "x".repeat(15_000)],
    ["streams of many small items", 4, 20_000, 7],
  ] as const
) {
  withCtx(`limits for strangers leave ${what} alone`, async (ctx) => {
    const server = await ctx.rpc.startServer(pipes, { limits: LIMITS });
    const client = await ctx.rpc.connect<typeof pipes>({
      limits: { frames: { maxBytes: LIMITS.frames.maxBytes } },
    });
    const counts = await Promise.all(
      Array.from(
        { length: streams },
        async () => count(await client.remote.lines(items, item)),
      ),
    );
    assertEquals(counts, Array(streams).fill(items));
    assertEquals(server.stats().cutConnections, 0);
  });
}

withCtx("streams that fill the budget go on nevertheless", async (ctx) => {
  const server = await ctx.rpc.startServer(pipes, {
    limits: {
      requests: { maxHeldBytes: 128 * KIB },
      queues: { maxBytes: 64 * KIB },
    },
  });
  const client = await ctx.rpc.connect<typeof pipes>();
  const counts = await Promise.all(
    Array.from(
      { length: 30 },
      async () => count(await client.remote.lines(20, "x".repeat(15_000))),
    ),
  );
  assertEquals(counts, Array(30).fill(20));
  assertEquals(server.stats().cutConnections, 0);
});

withCtx("limits for strangers leave streams to a server alone", async (ctx) => {
  const server = await ctx.rpc.startServer(pipes, { limits: LIMITS });
  const client = await ctx.rpc.connect<typeof pipes>({
    limits: { frames: { maxBytes: LIMITS.frames.maxBytes } },
  });
  const counts = await Promise.all(
    Array.from(
      { length: 10 },
      () => client.remote.count(produce(200, "x".repeat(15_000))),
    ),
  );
  assertEquals(counts, Array(10).fill(200));
  assertEquals(server.stats().cutConnections, 0);
});

withCtx("limits for strangers still cut a flood of cancels", async (ctx) => {
  const server = await ctx.rpc.startServer(pipes, { limits: LIMITS });
  using raw = await openRaw(server.address);
  for (let id = 0; id < 3_000; id++) {
    raw.send(encodeRequest(id, ["$/cancel", [id], {}]));
  }
  while (await raw.receive() !== null);
  assertEquals(server.stats().cutConnections, 1);
});

/** Options of a server that never finishes authenticating a peer. */
const undecided = { authenticate: () => new Promise(() => {}) };

withCtx("a stranger holds no more than maxUnadmittedBytes", async (ctx) => {
  const server = await ctx.rpc.startServer(pipes, undecided);
  using raw = await openRaw(server.address);
  for (let id = 0; id < 100; id++) {
    raw.send(encodeRequest(id, ["count", ["x".repeat(1_000)], {}]));
  }
  let busy = 0;
  // Each call holds 1,024 bytes, plus two for each UTF-16 unit of its text.
  while (busy < 100 - 21) {
    assertStringIncludes((await raw.receive())!, "ServerBusyError");
    busy++;
  }
  const { heldBytes } = server.stats();
  assert(heldBytes > 56 * KIB && heldBytes <= 64 * KIB, `${heldBytes} bytes`);
});

withCtx(
  "a stranger's frame over maxUnadmittedBytes is not read",
  async (ctx) => {
    const server = await ctx.rpc.startServer(pipes, undecided);
    using raw = await openRaw(server.address);
    raw.send(encodeRequest(0, ["count", ["x".repeat(64 * KIB)], {}]));
    assertEquals(await raw.receive(), null);
    const stream = await openBytes(server.address);
    // The frame claims a length of 1 MiB.
    await stream.write(Uint8Array.of(0, 16, 0, 0));
    let isOver = false;
    const reading = stream.read(new Uint8Array(1)).catch(() => null)
      .then((bytes) => {
        isOver = true;
        return bytes;
      });
    for (let parts = 0; parts < 20 && !isOver; parts++) {
      await stream.write(new Uint8Array(8 * KIB)).catch(() => {});
    }
    assertEquals(await reading, null);
    stream.close();
    assertEquals(server.stats().cutConnections, 2);
    assertEquals(server.stats().heldBytes, 0);
  },
);

withCtx("a peer that was let in may send what it likes", async (ctx) => {
  await ctx.rpc.startServer(service({ size: (text: string) => text.length }), {
    authenticate: (credentials) => credentials ?? true,
  });
  const client = await ctx.rpc.connect<{ size(text: string): number }>({
    credentials: "ada",
  });
  assertEquals(await client.remote.size("x".repeat(MIB)), MIB);
});
