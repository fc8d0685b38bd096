import { assertEquals, assertRejects } from "@std/assert";
import { ServerBusyError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/ctx.ts";
import { call } from "../call.ts";
import type { RpcClient } from "../rpc_client.ts";
import { MethodNotFoundError } from "../errors.ts";
import { withOptions } from "../options.ts";
import { service } from "../service/service.ts";

const counter = service({
  async *upTo(last: number): AsyncGenerator<number> {
    for (let count = 1; count <= last; count++) yield count;
  },
  echo: (value: number) => value,
});

withCtx("a client that only serves can send streams", async (ctx) => {
  const connected = Promise.withResolvers<RpcClient<typeof counter>>();
  await ctx.rpc.startServer(counter, {
    onConnect: (side) => connected.resolve(side as RpcClient<typeof counter>),
  });
  await ctx.rpc.connect({ service: counter });
  const { remote } = await connected.promise;
  // Answered after the hello, because it was sent after it.
  await remote.echo(1);
  assertEquals(await Array.fromAsync(await remote.upTo(3)), [1, 2, 3]);
});

withCtx("a client that only serves has heartbeats", async (ctx) => {
  await ctx.rpc.startServer(counter, { heartbeatMs: 10 });
  const client = await ctx.rpc.connect({ service: counter });
  // The hello and its answer, and then some pings.
  while (client.stats().framesIn < 4) {
    await new Promise((resolve) => setImmediate(resolve));
  }
});

for (const who of ["client", "server"] as const) {
  withCtx(`a ${who} without extensions stays with plain calls`, async (ctx) => {
    const client = await ctx.rpc.startServerAndConnect(counter, {
      [who]: { extensions: false },
    });
    assertEquals(await client.remote.echo(1), 1);
    const error = await assertRejects(() => client.remote.upTo(3), Error);
    assertEquals(error.message.includes("no extensions"), true, error.message);
    assertEquals(client.stats().pendingCalls, 0);
  });
}

withCtx("a client without extensions says no hello", async (ctx) => {
  const client = await ctx.rpc.startServerAndConnect(counter, {
    client: { extensions: false, service: counter },
  });
  await client.remote.echo(1);
  assertEquals(client.stats().framesOut, 1);
});

withCtx("a server without extensions refuses a hello", async (ctx) => {
  await ctx.rpc.startServer(counter, { extensions: false });
  const client = await ctx.rpc.connect({ extensions: false });
  const hello = client.channel.send(["$/hello", [{ version: 1 }], {}]);
  await assertRejects(() => hello, MethodNotFoundError, "extension");
});

withCtx("a path of the extensions that does not exist fails", async (ctx) => {
  const { channel } = await ctx.rpc.startServerAndConnect(counter);
  for (const path of ["$/unknown", "$/hello/more", "$/ref", "$/stream/0"]) {
    const reply = channel.send([path, [], {}]);
    await assertRejects(() => reply, MethodNotFoundError, "extension");
  }
});

withCtx(
  "a call can be cancelled while no more requests are taken",
  async (ctx) => {
    const started = Promise.withResolvers<void>();
    const waiting = service({
      wait(): Promise<void> {
        const { signal } = call();
        started.resolve();
        return new Promise((_resolve, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason))
        );
      },
      echo: (value: number) => value,
    });
    const client = await ctx.rpc.startServerAndConnect(waiting, {
      server: { limits: { requests: { maxUnanswered: 1 } } },
    });
    const { remote } = client;
    await remote.echo(1);
    const controller = new AbortController();
    const { signal } = controller;
    const given = withOptions(remote, { signal }).wait();
    const rejected = assertRejects(() => given, RangeError, "enough");
    await started.promise;
    await assertRejects(() => remote.echo(2), ServerBusyError);
    controller.abort(new RangeError("enough"));
    await rejected;
    // Wait for the late reply that follows the cancellation: the next call
    // needs the room that it frees.
    while (client.stats().lateReplies === 0) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    assertEquals(await remote.echo(3), 3);
  },
);
