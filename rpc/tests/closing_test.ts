import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { ServerBusyError } from "../../channel/errors.ts";
import { ConnectError } from "../../transports/errors.ts";
import { defaultTransports } from "../../transports/defaults.ts";
import type { Transport } from "../../transports/transport.ts";
import { WirePeer } from "../../channel/fixtures/wire_peer.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { call } from "../call.ts";
import { openReconnecting } from "../reconnect/deno.ts";
import { openConnection, startServer } from "../deno.ts";
import { service } from "../service/service.ts";

/** The transports of a {@linkcode WirePeer}. */
const WIRED = ["tcp", "unix", "memory", "tls"] as const;

/** Returns methods that continue when a test resolves their steps. */
function works() {
  const steps = Array.from({ length: 4 }, () => Promise.withResolvers<void>());
  const started = Promise.withResolvers<void>();
  const told = Promise.withResolvers<unknown>();
  const served = service({
    async *count() {
      for (let n = 0; n < 4; n++) {
        await steps[n]!.promise;
        yield n;
      }
    },
    async sum(numbers: AsyncIterable<number>) {
      let sum = 0;
      for await (const n of numbers) sum += n;
      return sum;
    },
    async callBack(ask: (n: number) => number | Promise<number>) {
      started.resolve();
      await steps[0]!.promise;
      return await ask(1) + await ask(2);
    },
    async never() {
      const { closing } = call();
      started.resolve();
      await new Promise<void>((resolve) =>
        closing.addEventListener("abort", () => resolve())
      );
      told.resolve(closing.reason);
      return "ended in time";
    },
    quick: () => "quick",
  });
  return { served, steps, started, told };
}

withCtx("close with grace lets a stream come to its end", async (ctx) => {
  const { served, steps } = works();
  const { remote } = await ctx.rpc.startServerAndConnect(served);
  const stream = await remote.count();
  steps[0]!.resolve();
  assertEquals((await stream.next()).value, 0);
  const closed = ctx.rpc.closeServer({ graceMs: 5_000 });
  for (const step of steps) step.resolve();
  assertEquals(await Array.fromAsync(stream), [1, 2, 3]);
  await closed;
});

withCtx(
  "close with grace lets a method read the stream that it was passed",
  async (ctx) => {
    const { served } = works();
    const { remote } = await ctx.rpc.startServerAndConnect(served);
    const goOn = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    async function* numbers() {
      begun.resolve();
      for (let n = 1; n <= 200; n++) {
        if (n === 100) await goOn.promise;
        yield n;
      }
    }
    const sum = remote.sum(numbers());
    await begun.promise;
    const closed = ctx.rpc.closeServer({ graceMs: 5_000 });
    goOn.resolve();
    assertEquals(await sum, 20_100);
    await closed;
  },
);

withCtx(
  "close with grace lets a method call back, and refuses new calls",
  async (ctx) => {
    const { served, steps, started } = works();
    const { remote } = await ctx.rpc.startServerAndConnect(served);
    const result = remote.callBack((n) => 10 * n);
    await started.promise;
    const closed = ctx.rpc.closeServer({ graceMs: 5_000 });
    while (await remote.quick().then(() => true, () => false));
    await assertRejects(() => remote.quick(), ServerBusyError);
    steps[0]!.resolve();
    assertEquals(await result, 30);
    await closed;
  },
);

withCtx(
  "call().closing tells a method that it should end soon",
  async (ctx) => {
    const { served, started, told } = works();
    const { remote } = await ctx.rpc.startServerAndConnect(served);
    const result = remote.never();
    await started.promise;
    const start = performance.now();
    const closed = ctx.rpc.closeServer({ graceMs: 30_000 });
    assertEquals(await result, "ended in time");
    assert(await told.promise instanceof DOMException);
    await closed;
    assert(performance.now() - start < 20_000);
  },
);

withCtx(
  {
    name: "a side that has nothing under way ends as soon as the other closes",
    transports: WIRED,
  },
  async (ctx) => {
    const server = await ctx.rpc.startServer(works().served);
    using peer = await WirePeer.open(server.address, ctx.options);
    await peer.hello();
    // This peer never ends by itself.
    assertEquals(await peer.call("$/drain"), [1, null]);
    assertEquals(await peer.receive(), null);
  },
);

withCtx(
  {
    name: "a side with a call under way answers it when the other closes",
    transports: WIRED,
  },
  async (ctx) => {
    const gate = Promise.withResolvers<string>();
    const waiting = service({ wait: () => gate.promise });
    const server = await ctx.rpc.startServer(waiting);
    using peer = await WirePeer.open(server.address, ctx.options);
    await peer.hello();
    const id = peer.request(["wait", [], {}]);
    assertEquals(await peer.call("$/drain"), [1, null]);
    gate.resolve("late");
    assertEquals(await peer.receive(), [1, id, "late"]);
  },
);

withCtx("a close cuts what has not ended within its grace", async (ctx) => {
  const { served, steps } = works();
  const { remote } = await ctx.rpc.startServerAndConnect(served);
  const stream = await remote.count();
  steps[0]!.resolve();
  await stream.next();
  await ctx.rpc.closeServer({ graceMs: 20 });
  await assertRejects(() => stream.next());
  steps[1]!.resolve();
});

withCtx(
  "a reconnecting client leaves a server that is closing, and loses nothing",
  async (ctx) => {
    const { served, steps, started } = works();
    const old = await ctx.rpc.startServer(served);
    const client = ctx.use(
      await openReconnecting<typeof served>(old.address, {
        ...ctx.options,
        backoff: { initialMs: 1, maxMs: 5 },
      }),
    );
    const running = client.remote.callBack((n) => n);
    await started.promise;
    const closed = old.close({ graceMs: 10_000 });
    // The new server can listen at the address only once the old one no longer
    // does.
    const other = startAgain();
    while (client.stats().connections < 2) {
      const calls = Array.from({ length: 20 }, () => client.remote.quick());
      assertEquals(new Set(await Promise.all(calls)), new Set(["quick"]));
    }
    steps[0]!.resolve();
    assertEquals(await running, 3);
    await closed;
    await other;

    async function startAgain() {
      for (;;) {
        try {
          return ctx.use(await startServer(old.address, served, ctx.options));
        } catch {
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      }
    }
  },
);

withCtx(
  "no call is lost that is on its way when a server closes",
  async (ctx) => {
    for (let round = 0; round < 20; round++) {
      let ran = 0;
      const counter = service({ count: () => ++ran });
      const server = await ctx.rpc.startServer(counter);
      const { remote } = await ctx.rpc.connect<typeof counter>();
      await remote.count();
      const calls = [remote.count()];
      for (let turn = 0; turn < round % 4; turn++) await Promise.resolve();
      const closed = server.close({ graceMs: 5_000 });
      for (let n = 0; n < 10; n++) {
        calls.push(remote.count());
        await Promise.resolve();
      }
      const results = await Promise.allSettled(calls);
      const answered = results.filter(({ status }) => status === "fulfilled");
      for (const result of results) {
        if (result.status === "rejected") {
          assertInstanceOf(result.reason, ServerBusyError);
        }
      }
      assertEquals(ran, 1 + answered.length);
      await closed;
    }
  },
);

/** Waits until no server listens at an address. */
async function untilClosed(
  address: string,
  options: Parameters<typeof openConnection>[1],
): Promise<void> {
  for (;;) {
    try {
      const { channel } = await openConnection(address, options);
      await channel.close({ graceMs: 0 });
    } catch (error) {
      assertInstanceOf(error, ConnectError);
      return;
    }
  }
}

withCtx({
  name:
    "no call is lost that follows the hello of a client to a closing server",
  // The other transports have handshakes, which the network would hold back.
  transports: ["tcp", "unix", "memory"],
}, async (ctx) => {
  const { network } = ctx;
  const accepted = Promise.withResolvers<void>();
  const counter = service({ count: () => "ran" });
  const server = await ctx.rpc.startServer(counter, {
    onConnect: () => accepted.resolve(),
  });
  const held = network.hold({ towards: "server" });
  const { remote } = await ctx.rpc.connect<typeof counter>();
  const calls = [remote.count(), remote.count()];
  await accepted.promise;
  const closed = server.close({ graceMs: 4_000 });
  await untilClosed(server.address, ctx.options);
  held[Symbol.dispose]();
  for (const { status, ...it } of await Promise.allSettled(calls)) {
    assertEquals(status, "rejected");
    assertInstanceOf((it as { reason: unknown }).reason, ServerBusyError);
  }
  await closed;
});

/**
 * Returns a transport that accepts connections one turn after `busy` has ended,
 * like a busy server.
 */
function acceptsAfter(busy: Promise<void>, base: Transport): Transport {
  return {
    ...base,
    listen: (address, accept, options) =>
      base.listen(address, async (connection) => {
        await busy;
        setImmediate(() => accept(connection));
      }, options),
  };
}

withCtx(
  {
    name:
      "no call is lost of a client that a closing server has not accepted yet",
    transports: ["tcp", "unix", "memory"],
  },
  async (ctx) => {
    const counter = service({ count: () => "ran" });
    const busy = Promise.withResolvers<void>();
    const server = await ctx.rpc.startServer(counter, {
      transports: (ctx.options.transports ?? defaultTransports())
        .map((it) => acceptsAfter(busy.promise, it)),
    });
    const { remote } = await ctx.rpc.connect<typeof counter>();
    const call = remote.count();
    busy.resolve();
    await busy.promise;
    const closed = server.close({ graceMs: 4_000 });
    const [result] = await Promise.allSettled([call]);
    if (result.status === "rejected") {
      assertInstanceOf(result.reason, ServerBusyError);
    }
    await closed;
  },
);
