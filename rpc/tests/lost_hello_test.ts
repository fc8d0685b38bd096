import { assert, assertEquals, assertRejects } from "@std/assert";
import { until } from "../../agent/fixtures/until.ts";
import type { Channel } from "../../channel/channel.ts";
import { ConnectionClosedError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/ctx.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { ConnectError } from "../../transports/errors.ts";
import { openConnection } from "../deno.ts";
import type { RpcConnectionOptions } from "../client.ts";
import type { RpcClient } from "../rpc_client.ts";
import { lossService } from "../fixtures/loss_service.ts";
import { AuthenticationError } from "../errors.ts";
import { service } from "../service/service.ts";

type Service = ReturnType<typeof lossService>["served"];

const heartbeat = { heartbeatMs: 20 };

/** A peer that was called has 40 of these intervals to answer the hello. */
const quick = { heartbeatMs: 10 };

const echo = service({ echo: (value: number) => value });

async function assertSilence(client: RpcClient): Promise<void> {
  const { by, code } = await client.closed;
  assertEquals([by, code], ["error", "heartbeat"]);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Connects to a server that handles the channel itself. */
async function connectToPlain(
  ctx: Ctx,
  handle: (channel: Channel) => Promise<void>,
  options: RpcConnectionOptions = quick,
): Promise<RpcClient<typeof echo>> {
  const server = await ctx.startServer(handle);
  const client = openConnection<typeof echo>(server.address, {
    ...ctx.options,
    ...options,
  });
  return ctx.use(await client);
}

for (const fault of ["blackHole", "partition", "hold"] as const) {
  withCtx(
    `a hello that a network's ${fault} takes ends the connection, and each call`,
    async (ctx) => {
      const { network } = ctx;
      await ctx.rpc.startServer(lossService().served);
      const client = await ctx.rpc.connect<Service>(quick);
      network[fault]();
      const { remote } = client;
      async function* none(): AsyncGenerator<number> {}
      const plain = assertRejects(
        () => remote.echo("hi"),
        ConnectionClosedError,
      );
      const waiting = assertRejects(
        () => remote.sum(none()),
        ConnectionClosedError,
      );
      await Promise.all([assertSilence(client), plain, waiting]);
      const { pendingCalls, references, streams } = client.stats();
      assertEquals([pendingCalls, references, streams], [0, 0, 0]);
      network.heal();
    },
  );
}

withCtx(
  "a hello's answer that is lost ends the connection on both sides",
  async (ctx) => {
    const { network } = ctx;
    const { served, seen } = lossService();
    const server = await ctx.rpc.startServer(served, heartbeat);
    const client = await ctx.rpc.connect<Service>(quick);
    const [side] = server.clients;
    network.blackHole({ towards: "client" });
    const call = assertRejects(
      () => client.remote.never(),
      ConnectionClosedError,
    );
    await Promise.all([assertSilence(client), call]);
    // Nothing arrives from a client that is gone.
    network.blackHole();
    await side!.closed;
    await until(() => seen.listeners === 0);
  },
);

withCtx(
  "a client that only serves notices that its hello is lost",
  async (ctx) => {
    const { network } = ctx;
    await ctx.rpc.startServer(echo);
    network.blackHole();
    await assertSilence(await ctx.rpc.connect({ ...heartbeat, service: echo }));
  },
);

withCtx("credentials that are lost fail to connect", async (ctx) => {
  const { network } = ctx;
  await ctx.rpc.startServer(echo);
  network.blackHole();
  const { cause } = await assertRejects(
    () => ctx.rpc.connect({ ...heartbeat, credentials: "ada's" }),
    ConnectError,
  );
  assert(cause instanceof ConnectionClosedError);
  assertEquals([cause.by, cause.code], ["error", "heartbeat"]);
});

withCtx("a server that judges for long is not taken for gone", async (ctx) => {
  const judged = Promise.withResolvers<string>();
  await ctx.rpc.startServer(echo, {
    heartbeatMs: 40,
    authenticate: () => judged.promise,
  });
  const patient = { heartbeatMs: 100 };
  const connecting = ctx.rpc.connect<typeof echo>({
    ...patient,
    credentials: "ada's",
  });
  const client = await ctx.rpc.connect<typeof echo>(patient);
  const call = client.remote.echo(7);
  // The server pings in every other of its intervals, so five pings take more
  // than three of the client's intervals.
  await until(() => client.stats().requests >= 5);
  judged.resolve("ada");
  assertEquals(await call, 7);
  assertEquals(await (await connecting).remote.echo(8), 8);
});

withCtx(
  "a server that judges notices that the client is silently gone",
  async (ctx) => {
    const { network } = ctx;
    const asked = Promise.withResolvers<AbortSignal>();
    const server = await ctx.rpc.startServer(echo, {
      ...heartbeat,
      authenticate: (_credentials, { signal }) => {
        asked.resolve(signal);
        return new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason))
        );
      },
    });
    const client = await ctx.rpc.connect<typeof echo>(quick);
    const call = assertRejects(
      () => client.remote.echo(7),
      ConnectionClosedError,
    );
    const signal = await asked.promise;
    network.blackHole();
    await Promise.all([call, assertSilence(client)]);
    await until(() => signal.aborted);
    assert(signal.reason instanceof AuthenticationError);
    assertEquals(server.clients.size, 0);
  },
);

withCtx("a plain server that answers calls may be silent", async (ctx) => {
  const client = await connectToPlain(ctx, async (channel) => {
    for await (const request of channel) {
      const [path, args] = request.content as [string, number[]];
      if (path === "echo") await request.reply(args[0]);
    }
  });
  assertEquals(await client.remote.echo(1), 1);
  await pause(50 * quick.heartbeatMs);
  assertEquals(await client.remote.echo(2), 2);
});

withCtx(
  "a plain server may take for ever once it has failed the hello",
  async (ctx) => {
    const answered = Promise.withResolvers<void>();
    const client = await connectToPlain(ctx, async (channel) => {
      const hello = await channel.recv();
      await hello.fail("LookupError: $\n");
      const call = await channel.recv();
      await answered.promise;
      await call.reply("done");
    });
    const call = client.remote.echo(1) as Promise<unknown>;
    await pause(50 * quick.heartbeatMs);
    answered.resolve();
    assertEquals(await call, "done");
  },
);

withCtx(
  "a plain server may be kept from answering the hello by the first call",
  async (ctx) => {
    const client = await connectToPlain(ctx, async (channel) => {
      const [hello, call] = [await channel.recv(), await channel.recv()];
      await pause(12 * quick.heartbeatMs);
      await hello.fail("LookupError: $\n");
      await call.reply("done");
    });
    assertEquals(await client.remote.echo(1) as unknown, "done");
  },
);

withCtx(
  "a plain server that answers nothing lives while it asks",
  async (ctx) => {
    let asked = 0;
    const client = await connectToPlain(ctx, async (channel) => {
      for (; asked < 40; asked++) {
        assertEquals(await channel.send(["echo", [asked], {}]), asked);
        await pause(10);
      }
      await channel.closed;
    }, { heartbeatMs: 60, service: echo });
    await until(() => asked === 40);
    await assertSilence(client);
  },
);
