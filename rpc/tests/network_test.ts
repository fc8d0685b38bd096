import { assert, assertEquals, assertRejects } from "@std/assert";
import { until } from "../../agent/fixtures/until.ts";
import { ConnectionClosedError, TimeoutError } from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import type { RpcClient } from "../rpc_client.ts";
import { lossService } from "../fixtures/loss_service.ts";
import { withOptions } from "../options.ts";

type Service = ReturnType<typeof lossService>["served"];

const heartbeat = { heartbeatMs: 20 };

/** Starts a server and a client that both detect silence, after the hello. */
async function begin(ctx: Ctx) {
  const { served, seen } = lossService();
  const server = await ctx.rpc.startServer(served, heartbeat);
  const client = await ctx.rpc.connect<Service>(heartbeat);
  assertEquals(await client.remote.echo("hi"), "hi");
  return { server, client, seen };
}

async function assertSilence(client: RpcClient): Promise<void> {
  const { by, code } = await client.closed;
  assertEquals([by, code], ["error", "heartbeat"]);
}

for (const fault of ["blackHole", "partition", "hold"] as const) {
  withCtx({
    name: `a heartbeat notices a network's ${fault} on both sides`,
    codecs,
  }, async (ctx) => {
    const { network } = ctx;
    const { server, client, seen } = await begin(ctx);
    const [side] = server.clients;
    const call = assertRejects(
      () => client.remote.never(),
      ConnectionClosedError,
    );
    await until(() => seen.listeners === 1);
    network[fault]();
    await Promise.all([call, assertSilence(client), assertSilence(side!)]);
    await until(() => seen.listeners === 0);
    network.heal();
  });
}

withCtx("a heartbeat notices a half-open connection", async (ctx) => {
  const { network } = ctx;
  const { server, client } = await begin(ctx);
  network.halfOpen({ openAt: "client" });
  await assertSilence(client);
  await until(() => server.clients.size === 0);
  const other = await ctx.rpc.connect<Service>(heartbeat);
  await other.remote.echo("hi");
  const [side] = server.clients;
  network.halfOpen({ openAt: "server" });
  await Promise.all([assertSilence(side!), other.closed]);
});

withCtx("a heartbeat takes a slow network for no silence", async (ctx) => {
  const { network } = ctx;
  const { client } = await begin(ctx);
  network.delay({ delayMs: 30 });
  for (let n = 0; n < 3; n++) {
    assertEquals(await client.remote.echo("hi"), "hi");
  }
});

withCtx(
  "a call that waits for the hello's answer has its time-out",
  async (ctx) => {
    const { network } = ctx;
    await ctx.rpc.startServer(lossService().served);
    const { remote } = await ctx.rpc.connect<Service>({ timeoutMs: 30 });
    network.hold({ towards: "client" });
    async function* none(): AsyncGenerator<number> {}
    const { sent } = await assertRejects(
      () => remote.sum(none()),
      TimeoutError,
    );
    assertEquals(sent, false);
    const patient = withOptions(remote, { timeoutMs: 4_000 });
    const sum = patient.sum(none());
    network.heal();
    assertEquals(await sum, 0);
    await assertRejects(
      () => withOptions(remote, { timeoutMs: -1 }).sum(none()),
      RangeError,
    );
  },
);

withCtx("a stream that is lost says that its method ran", async (ctx) => {
  const { network } = ctx;
  const { client } = await begin(ctx);
  const stream = await client.remote.count(1e9);
  const error = await assertRejects(async () => {
    for await (const _ of stream) {
      if (network.reset() > 0) await client.closed;
    }
  }, ConnectionClosedError);
  assertEquals(error.sent, true);
});

withCtx(
  "streams end on both sides when the network loses them",
  async (ctx) => {
    const { network } = ctx;
    const { client, seen } = await begin(ctx);
    let produced = 0;
    let isReturned = false;
    async function* numbers(): AsyncGenerator<number> {
      try {
        for (;; produced++) yield await Promise.resolve(produced);
      } finally {
        isReturned = true;
      }
    }
    const sum = assertRejects(
      () => client.remote.sum(numbers()),
      ConnectionClosedError,
    );
    const loop = assertRejects(async () => {
      let read = 0;
      for await (const _ of await client.remote.count(1e9)) {
        if (++read === 200) network.blackHole();
      }
    }, ConnectionClosedError);
    await Promise.all([sum, loop]);
    await until(() => seen.begun === seen.finished && isReturned);
    assert(produced > 0);
    const { references, streams, pendingCalls } = client.stats();
    assertEquals([references, streams, pendingCalls], [0, 0, 0]);
  },
);
