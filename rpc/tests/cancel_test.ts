import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { ConnectionClosedError, TimeoutError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { type Call, call } from "../call.ts";
import type { RpcClient } from "../rpc_client.ts";
import { withOptions } from "../options.ts";
import { service } from "../service/service.ts";

/** Creates a service whose method waits until its signal aborts. */
function waiter() {
  const started = Promise.withResolvers<Call>();
  const reason = Promise.withResolvers<unknown>();
  const released = Promise.withResolvers<string>();
  const served = service({
    echo: (value: number) => value,
    wait() {
      const running = call();
      const { signal } = running;
      started.resolve(running);
      return new Promise<string>((resolve) =>
        signal.addEventListener("abort", () => {
          reason.resolve(signal.reason);
          resolve("late");
        })
      );
    },
    // Answers long after the call's end: the deadlines of the caller and of the
    // method are the same, so an answer right after the abort could still be in
    // time.
    hang() {
      const running = call();
      const { signal } = running;
      started.resolve(running);
      signal.addEventListener("abort", () => reason.resolve(signal.reason));
      return released.promise;
    },
    remaining: () => call().remainingMs,
    async late() {
      await Promise.resolve();
      return call().path;
    },
    async *stream() {
      yield await Promise.resolve(1);
    },
  });
  return {
    served,
    started: started.promise,
    reason: reason.promise,
    release: () => released.resolve("late"),
  };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

withCtx(
  "a call that is given up aborts the method's signal; its late reply is dropped",
  async (ctx) => {
    const { served, started, reason } = waiter();
    const client = await ctx.rpc.startServerAndConnect(served);
    assertEquals(await client.remote.echo(1), 1);
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = withOptions(client.remote, { signal }).wait();
    const rejected = assertRejects(() => waiting, RangeError, "enough");
    await started;
    controller.abort(new RangeError("enough"));
    await rejected;
    assertEquals((await reason as Error).name, "AbortError");
    while (client.stats().lateReplies === 0) await turn();
    assertEquals(await client.remote.echo(2), 2);
    assertEquals(client.stats().pendingCalls, 0);
  },
);

withCtx("the first call of a connection can be given up", async (ctx) => {
  const { served, started, reason } = waiter();
  const { network } = ctx;
  const client = await ctx.rpc.startServerAndConnect(served);
  network.hold({ towards: "client" });
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = withOptions(client.remote, { signal }).wait();
  const rejected = assertRejects(() => waiting, RangeError);
  await started;
  // Nothing has been received: the hello is not answered.
  assertEquals(client.stats().framesIn, 0);
  controller.abort(new RangeError("enough"));
  await rejected;
  network.release();
  assertEquals((await reason as Error).name, "AbortError");
  assertEquals(await client.remote.echo(1), 1);
});

withCtx(
  "a first call that waits for the hello can be given up at once",
  async (ctx) => {
    const { served } = waiter();
    const client = await ctx.rpc.startServerAndConnect(served);
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = withOptions(client.remote, { signal, meta: { a: 1 } })
      .wait();
    controller.abort(new RangeError("enough"));
    await assertRejects(() => waiting, RangeError);
    assertEquals(client.stats().framesIn, 0);
    assertEquals(await client.remote.echo(1), 1);
  },
);

withCtx(
  "a call that was given up before it was made does not end the next one",
  async (ctx) => {
    const { served, started } = waiter();
    const client = await ctx.rpc.startServerAndConnect(served);
    await client.remote.echo(1);
    const signal = AbortSignal.abort(new RangeError("enough"));
    const refused = withOptions(client.remote, { signal }).echo(1);
    const controller = new AbortController();
    const waiting = withOptions(client.remote, { signal: controller.signal })
      .wait();
    await assertRejects(() => refused, RangeError);
    const running = await started;
    assertEquals(await client.remote.echo(2), 2);
    assertEquals(running.signal.aborted, false);
    controller.abort(new RangeError("now"));
    await assertRejects(() => waiting, RangeError, "now");
    await client.remote.echo(3);
  },
);

for (const where of ["call", "connection"]) {
  withCtx(`timeoutMs of a ${where} reaches the method`, async (ctx) => {
    const { served, started, reason, release } = waiter();
    await ctx.rpc.startServer(served);
    const timeoutMs = 100;
    const client = await ctx.rpc.connect<typeof served>(
      where === "connection" ? { timeoutMs } : {},
    );
    const remote = where === "call"
      ? withOptions(client.remote, { timeoutMs })
      : client.remote;
    await client.remote.echo(1);
    const waiting = remote.hang();
    const rejected = assertRejects(() => waiting, TimeoutError);
    const { remainingMs } = await started;
    assert(remainingMs > 0 && remainingMs <= timeoutMs, String(remainingMs));
    await rejected;
    assert(await reason instanceof Error);
    release();
    // Requests that a lost race may leave pending are answered before this.
    await client.remote.echo(2);
  });
}

withCtx("remainingMs shrinks, and can be passed on", async (ctx) => {
  const { served } = waiter();
  const inner = await ctx.rpc.startServerAndConnect(served);
  await inner.remote.echo(1);
  const relay = service({
    echo: (value: number) => value,
    async relay() {
      const running = call();
      const { remainingMs } = running;
      const end = performance.now() + 5;
      while (performance.now() < end) await turn();
      const timeoutMs = running.remainingMs;
      const passed = await withOptions(inner.remote, { timeoutMs }).remaining();
      return [remainingMs, timeoutMs, passed] as const;
    },
  });
  const outer = await ctx.rpc.startServerAndConnect(relay);
  await outer.remote.echo(1);
  const [first, later, passed] = await withOptions(outer.remote, {
    timeoutMs: 5_000,
  }).relay();
  assert(first <= 5_000 && later <= first - 5 && passed <= later && passed > 0);
});

withCtx(
  "a lost connection aborts the method's signal with its error",
  async (ctx) => {
    const { served, started, reason } = waiter();
    const client = await ctx.rpc.startServerAndConnect(served);
    const waiting = assertRejects(
      () => client.remote.wait(),
      ConnectionClosedError,
    );
    await started;
    await client.close({ graceMs: 0 });
    await waiting;
    assert(await reason instanceof ConnectionClosedError);
  },
);

withCtx("a stream of a call that was given up is not kept", async (ctx) => {
  const { served } = waiter();
  const server = await ctx.rpc.startServer(served);
  const client = await ctx.rpc.connect<typeof served>();
  await client.remote.echo(1);
  for (let i = 0; i < 20; i++) {
    const controller = new AbortController();
    const { signal } = controller;
    const asked = withOptions(client.remote, { signal }).stream();
    const settled = Promise.allSettled([asked]);
    if (i % 2 === 0) await Promise.resolve();
    controller.abort();
    await settled;
  }
  await client.remote.echo(2);
  const [side] = server.clients as Set<RpcClient>;
  assertEquals([side!.stats().streams, side!.stats().runningCalls], [0, 0]);
});

withCtx("call() after an await throws TypeError", async (ctx) => {
  const { served } = waiter();
  const { remote } = await ctx.rpc.startServerAndConnect(served);
  const error = await assertRejects(() => remote.late(), Error);
  assert(error.message.includes("await"));
  assertThrows(() => call(), TypeError);
});
