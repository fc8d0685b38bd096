import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { withCtx } from "../testing/ctx.ts";
import { ConnectError } from "../transports/errors.ts";
import type { Transport } from "../transports/transport.ts";
import { memory } from "../transports/memory.ts";
import { openConnection, startServer } from "./deno.ts";
import { resolveLimits } from "./limits/limits.ts";

withCtx("openConnection fails at once where nobody listens", async (ctx) => {
  const server = await ctx.startServer(() => {});
  await server.close();
  const error = await assertRejects(
    () => openConnection(server.address, ctx.options),
    ConnectError,
  );
  assertEquals(error.address, server.address);
});

withCtx(
  "openConnection tries again for retryForMs, then fails",
  async (ctx) => {
    const server = await ctx.startServer(() => {});
    await server.close();
    const start = performance.now();
    await assertRejects(
      () => openConnection(server.address, { ...ctx.options, retryForMs: 120 }),
      ConnectError,
    );
    assert(performance.now() - start >= 115);
  },
);

withCtx(
  "openConnection with retryForMs finds a server that starts late",
  async (ctx) => {
    const first = await ctx.startServer(() => {});
    await first.close();
    const connecting = openConnection(first.address, {
      ...ctx.options,
      retryForMs: 9_000,
    });
    const server = ctx.use(
      await startServer(first.address, async (channel) => {
        await (await channel.recv()).reply("late");
      }, ctx.options),
    );
    const channel = ctx.use(await connecting);
    assertEquals(await channel.send("?"), "late");
    assertEquals(channel.remoteAddress, server.address);
  },
);

withCtx(
  "openConnection can be aborted while it waits to try again",
  async (ctx) => {
    const server = await ctx.startServer(() => {});
    await server.close();
    const controller = new AbortController();
    const reason = new Error("enough");
    const connecting = openConnection(server.address, {
      ...ctx.options,
      retryForMs: Infinity,
      signal: controller.signal,
    });
    queueMicrotask(() => controller.abort(reason));
    assertStrictEquals(await assertRejects(() => connecting), reason);
  },
);

withCtx(
  "openConnection rejects with the reason of an aborted signal",
  async (ctx) => {
    const { address } = await ctx.startServer(() => {});
    const reason = new Error("never mind");
    assertStrictEquals(
      await assertRejects(() =>
        openConnection(address, {
          ...ctx.options,
          signal: AbortSignal.abort(reason),
        })
      ),
      reason,
    );
  },
);

Deno.test("openConnection takes a transport of one's own", async () => {
  const own: Transport = {
    scheme: "mine",
    listen: (address, accept, options) =>
      memory().listen(address.replace("mine", "local"), accept, options),
    connect: (address, options) =>
      memory().connect(address.replace("mine", "local"), options),
  };
  await using _server = await startServer("mine://here", async (channel) => {
    await (await channel.recv()).reply("mine");
  }, { transports: [own] });
  await using channel = await openConnection("mine://here", {
    transports: [own],
  });
  assertEquals(await channel.send("whose?"), "mine");
});

Deno.test("openConnection refuses addresses and options it cannot use", async () => {
  for (const address of ["", "nowhere", "http://a:1", "tcp://a", "ipc://x"]) {
    await assertRejects(() => openConnection(address), TypeError);
  }
  for (const option of [{ retryForMs: -1 }, { timeoutMs: NaN }]) {
    await assertRejects(() => openConnection("local://a", option), RangeError);
  }
  await assertRejects(
    () => openConnection("local://a", { limits: { frames: { maxBytes: 10 } } }),
    RangeError,
    "'limits.frames.maxBytes'",
  );
});

Deno.test("resolveLimits takes the given ones and checks them all", () => {
  assertEquals(resolveLimits({ frames: { maxKeys: 5 } }).frames.maxKeys, 5);
  assertEquals(resolveLimits().frames.maxBytes, 16_777_216);
  assertThrows(
    () => resolveLimits({ requests: { maxPending: 0 } }),
    RangeError,
  );
  assertThrows(
    () => resolveLimits({ queues: { slowPeerMs: NaN } }),
    RangeError,
  );
});
