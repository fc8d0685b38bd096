import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import {
  ConnectionClosedError,
  RemoteError,
  TimeoutError,
} from "../../channel/errors.ts";
import { abortable } from "../../channel/internal.ts";
import { call } from "../../rpc/call.ts";
import { openConnection, startServer } from "../../rpc/deno.ts";
import { ServiceError } from "../../rpc/errors.ts";
import { keep, withOptions } from "../../rpc/options.ts";
import { Router, service } from "../../rpc/service/service.ts";
import { ConnectError } from "../../transports/errors.ts";
import { schemeOf } from "../../transports/address.ts";
import { withCtx } from "../ctx.ts";
import { calculator, publisher, ticker } from "../fixtures/services.ts";

const codecs = [json(), msgpack()];

withCtx({ name: "Ctx.rpc serves and calls a service", codecs }, async (ctx) => {
  const { remote, channel } = await ctx.rpc.startServerAndConnect(calculator);
  assertEquals(await remote.add(1, 2), 3);
  assertEquals(schemeOf(channel.remoteAddress), schemeOf(ctx.address));
});

withCtx({
  name: "Ctx.rpc runs with the codec of the step",
  codecs,
  transports: ["memory"],
}, async (ctx) => {
  // A peer without extensions accepts everything that the codec carries.
  const { remote } = await ctx.rpc.startServerAndConnect(calculator, {
    client: { extensions: false },
  });
  const sent = remote.echo(new Uint8Array([1]));
  if (ctx.options.codec.name === "msgpack") {
    assertEquals(await sent, new Uint8Array([1]));
  } else await assertRejects(() => sent);
});

withCtx(
  "Ctx.rpc starts several servers and clients, and ends them all",
  async (ctx) => {
    await ctx.rpc.startServer(service({ title: () => "first" }));
    const last = service({ title: () => "last" });
    await ctx.rpc.startServer(last);
    const [one, two] = [
      await ctx.rpc.connect<typeof last>(),
      await ctx.rpc.connect<typeof last>(),
    ];
    assertEquals(await one.remote.title(), "last");
    assertEquals(await two.remote.title(), "last");
  },
);

withCtx(
  "Ctx.rpc adds the line of the test to the error of a call",
  async (ctx) => {
    const failing = service({
      fail: () => {
        throw new ServiceError("no", { code: "no" });
      },
      wait: () => abortable(new Promise<void>(() => {}), call().signal),
    });
    const client = await ctx.rpc.startServerAndConnect(failing);
    const { fail, wait } = client.remote;
    const calls: [act: () => Promise<unknown>, type: new () => Error][] = [
      [() => fail(), RemoteError as never],
      [() => withOptions(wait, { timeoutMs: 1 })(), TimeoutError as never],
    ];
    const lost = wait();
    for (const [act, type] of calls) {
      const { stack } = await assertRejects(act, type);
      assertEquals(stack!.match(/ctx_rpc_test\.ts:\d+/g)?.length, 1, stack);
    }
    await ctx.rpc.closeServer({ graceMs: 0 });
    const { stack } = await assertRejects(() => lost, ConnectionClosedError);
    assertMatch(stack!, /ctx_rpc_test\.ts:\d+/);
  },
);

withCtx("Ctx.rpc and Ctx keep their servers apart", async (ctx) => {
  await ctx.rpc.startServer(calculator);
  await assertRejects(() => ctx.connect(), TypeError, "ctx.startServer");
  await ctx.startServer(() => {});
  const { remote } = await ctx.rpc.connect<typeof calculator>();
  assertEquals(await remote.add(1, 2), 3);
});

withCtx(
  "Ctx.rpc tells the stack of an error, unless told not to",
  async (ctx) => {
    const told = await ctx.rpc.startServerAndConnect(calculator);
    await told.remote.add(1, 1);
    const error = await assertRejects(() => told.remote.fail(), RemoteError);
    assert(error.remoteStack?.includes("services.ts"));
    const untold = await ctx.rpc.startServerAndConnect(calculator, {
      server: { sendStacks: false },
    });
    await untold.remote.add(1, 1);
    const other = await assertRejects(() => untold.remote.fail(), RemoteError);
    assertEquals(other.remoteStack, undefined);
  },
);

withCtx("Ctx.rpc takes options for either side", async (ctx) => {
  const told: string[] = [];
  const { remote } = await ctx.rpc.startServerAndConnect<typeof calculator>(
    new Router(),
    {
      server: { onConnect: () => void told.push("connected") },
      client: { timeoutMs: 60_000 },
    },
  );
  await assertRejects(() => remote.add(1, 2));
  assertEquals(told, ["connected"]);
});

withCtx("Ctx.rpc fails the step with what 'onConnect' throws", async (ctx) => {
  const { closed } = await ctx.rpc.startServerAndConnect(calculator, {
    server: {
      onConnect: () => {
        throw new Error("not welcome");
      },
    },
  });
  await closed;
  const [error] = ctx.takeHandlerErrors();
  assertEquals((error as Error).message, "not welcome");
});

withCtx(
  "Ctx.rpc.closeServer ends its clients, and can be repeated",
  async (ctx) => {
    const { closed } = await ctx.rpc.startServerAndConnect(calculator);
    await ctx.rpc.closeServer();
    await ctx.rpc.closeServer({ graceMs: 0 });
    assertEquals((await closed).by, "peer");
    await assertRejects(() => ctx.rpc.connect(), ConnectError);
  },
);

withCtx(
  "Ctx.rpc refuses to connect, or to close, before there is a server",
  async (ctx) => {
    const text = "ctx.rpc.startServer";
    await assertRejects(() => ctx.rpc.connect(), TypeError, text);
    await assertRejects(() => ctx.rpc.closeServer(), TypeError, text);
  },
);

withCtx("Ctx.use takes RPC servers and clients made by hand", async (ctx) => {
  const options = ctx.options;
  const server = ctx.use(await startServer(ctx.address, calculator, options));
  const { remote } = ctx.use(
    await openConnection<typeof calculator>(server.address, options),
  );
  assertEquals(await remote.add(1, 2), 3);
});

withCtx("withCtx passes a stream that is read to its end", async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(ticker);
  assertEquals(await Array.fromAsync(await remote.three()), [1, 2, 3]);
});

withCtx("withCtx passes a stream whose loop is left", async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(ticker);
  for await (const tick of await remote.slow()) {
    assertEquals(tick, 1);
    break;
  }
});

withCtx("withCtx passes a stream declared with 'await using'", async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(ticker);
  await using ticks = await remote.slow();
  assertEquals(await ticks.next(), { done: false, value: 1 });
});

withCtx("withCtx passes a stream that fails", async (ctx) => {
  const failing = service({
    async *fail(): AsyncGenerator<number> {
      yield 1;
      throw new Error("no more");
    },
  });
  const { remote } = await ctx.rpc.startServerAndConnect(failing);
  const ticks = await remote.fail();
  await assertRejects(() => Array.fromAsync(ticks), RemoteError, "no more");
});

withCtx(
  "withCtx passes a stream that ended with its connection",
  async (ctx) => {
    const client = await ctx.rpc.startServerAndConnect(ticker);
    await (await client.remote.slow()).next();
    await client.close();
  },
);

withCtx("withCtx passes a call of a method that is given up", async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(calculator);
  await remote.add(1, 2);
  const controller = new AbortController();
  const { signal } = controller;
  const call = withOptions(remote, { signal }).never();
  controller.abort();
  await assertRejects(() => call, DOMException);
});

withCtx(
  "withCtx passes a reference that is kept and disposed of",
  async (ctx) => {
    const { remote } = await ctx.rpc.startServerAndConnect(publisher);
    let told: Promise<string> | null = null;
    const subscriber = service({
      subscribe(tell: () => Promise<string>): void {
        const kept = keep(tell);
        told = kept();
        kept[Symbol.dispose]();
      },
    });
    await remote.publish(subscriber);
    assertEquals(await told, "news");
  },
);

withCtx(
  "withCtx passes a function that a call was given",
  async (ctx) => {
    const caller = service({
      callBack: async (back: () => Promise<number>) => await back(),
    });
    const client = await ctx.rpc.startServerAndConnect(caller);
    assertEquals(await client.remote.callBack(() => Promise.resolve(42)), 42);
    assertEquals(client.stats().references, 0);
  },
);

withCtx(
  "withCtx leaves a stream that a method holds to its connection's end",
  async (ctx) => {
    const reader = service({
      readOne: async (remote: typeof ticker) => {
        const ticks = await remote.slow();
        return (await ticks.next()).value;
      },
    });
    const client = await ctx.rpc.startServerAndConnect(reader);
    assertEquals(await client.remote.readOne(ticker), 1);
    assertEquals(client.stats().streams, 1);
  },
);
