import { assert, assertEquals, assertRejects } from "@std/assert";
import { until } from "../../agent/fixtures/until.ts";
import {
  ConnectionClosedError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { DenomasError } from "../../transports/errors.ts";
import { startServer } from "../deno.ts";
import { withOptions } from "../options.ts";
import { service } from "../service/service.ts";
import type { ReconnectOptions } from "./client.ts";
import { openReconnecting } from "./deno.ts";

const transports = ["tcp", "unix", "memory", "tls"] as const;

/**
 * Starts a server that accepts one call at a time, which runs until it is
 * released.
 */
async function begin(ctx: Ctx, options: ReconnectOptions) {
  const ran: number[] = [];
  const open = Promise.withResolvers<void>();
  const work = service({
    async work(n: number) {
      ran.push(n);
      await open.promise;
      return n;
    },
    async sum(numbers: AsyncIterable<number>) {
      return (await Array.fromAsync(numbers)).length;
    },
  });
  const server = ctx.use(
    await startServer(ctx.address, work, {
      ...ctx.options,
      limits: { requests: { maxUnanswered: 1 } },
    }),
  );
  const client = ctx.use(
    await openReconnecting<typeof work>(server.address, {
      ...ctx.options,
      backoff: { initialMs: 1, maxMs: 4 },
      ...options,
    }),
  );
  const first = client.remote.work(0);
  await until(() => ran.length === 1);
  return { client, first, open, ran, server, remote: client.remote };
}

withCtx({
  name: "ReconnectOptions.retryBusyForMs repeats what is refused, run once",
  transports,
  codecs,
}, async (ctx) => {
  const { client, remote, first, open, ran } = await begin(ctx, {
    retryBusyForMs: Infinity,
  });
  const others = [1, 2, 3, 4].map((n) => remote.work(n));
  await until(() => client.stats().waitingCalls === 4);
  open.resolve();
  assertEquals(await Promise.all([first, ...others]), [0, 1, 2, 3, 4]);
  assertEquals(ran.toSorted(), [0, 1, 2, 3, 4]);
  assertEquals(client.stats().waitingCalls, 0);
});

withCtx("a busy server's refusals are final by default", async (ctx) => {
  const { remote, first, open } = await begin(ctx, {});
  await assertRejects(() => remote.work(1), ServerBusyError);
  open.resolve();
  assertEquals(await first, 0);
});

withCtx("a call is repeated no longer than retryBusyForMs", async (ctx) => {
  const { remote, first, open, ran } = await begin(ctx, { retryBusyForMs: 40 });
  const start = performance.now();
  await assertRejects(() => remote.work(1), ServerBusyError);
  assert(performance.now() - start >= 38);
  open.resolve();
  await first;
  assertEquals(ran, [0]);
});

withCtx("a call that is repeated keeps to its time and signal", async (ctx) => {
  const { client, remote, first, open, ran } = await begin(ctx, {
    retryBusyForMs: Infinity,
  });
  const timeoutMs = 60;
  const start = performance.now();
  const late = await assertRejects(
    () => withOptions(remote, { timeoutMs }).work(1),
    DenomasError,
  );
  // The call may time out before it is refused again.
  assert(late instanceof ServerBusyError || late instanceof TimeoutError);
  assert(performance.now() - start < 1_000);
  const controller = new AbortController();
  const { signal } = controller;
  const aborted = assertRejects(() => withOptions(remote, { signal }).work(2));
  const closed = assertRejects(() => remote.work(3), ConnectionClosedError);
  await until(() => client.stats().waitingCalls === 2);
  controller.abort();
  await aborted;
  // Not retried, because its stream may have been read.
  async function* none(): AsyncGenerator<number> {}
  await assertRejects(() => remote.sum(none()), ServerBusyError);
  const lost = assertRejects(() => first, ConnectionClosedError);
  await client.close({ graceMs: 0 });
  await Promise.all([closed, lost]);
  open.resolve();
  assertEquals(ran, [0]);
});

withCtx("a refused call does not wait beyond its time", async (ctx) => {
  const { remote, first, open } = await begin(ctx, {
    retryBusyForMs: Infinity,
    backoff: { initialMs: 60_000 },
  });
  await assertRejects(
    () => withOptions(remote, { timeoutMs: 9_000 }).work(1),
    ServerBusyError,
  );
  open.resolve();
  await first;
});
