import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { codecs } from "../../channel/fixtures/codecs.ts";
import {
  RemoteError,
  SerializationError,
  ServerBusyError,
} from "../../channel/errors.ts";
import { withCtx } from "../../testing/ctx.ts";
import { FrameTooLargeError } from "../../transports/errors.ts";
import { openConnection } from "../deno.ts";
import { MethodNotFoundError } from "../errors.ts";
import { kwargs } from "../kwargs.ts";
import { service } from "../service/service.ts";

/** A class without a serializer. */
class Unknown {}

class OutOfStock extends Error {
  override name = "OutOfStock";
  code = "stock";
  data = { left: 0, sizes: ["S", "M"] };
}

/** Values of every kind that can be thrown, by number. */
const THROWN: readonly unknown[] = [
  "text",
  undefined,
  null,
  0,
  Symbol("symbol"),
  Object.create(null),
  {
    toString() {
      throw new Error("no text");
    },
  },
  new Proxy({}, {
    getPrototypeOf() {
      throw new Error("no prototype");
    },
  }),
  new Error("half a pair \ud800"),
];

const shop = service({
  ping() {},
  order(): void {
    throw new OutOfStock("no apples left");
  },
  orderLater: (): Promise<void> =>
    Promise.reject(new OutOfStock("no apples left")),
  throwData(): void {
    throw Object.assign(new Error("the real reason"), {
      data: { open: () => {} },
    });
  },
  throwNth(index: number): void {
    throw THROWN[index];
  },
  abort(): void {
    throw new DOMException("stopped", "AbortError");
  },
  busy(): void {
    throw new ServerBusyError("Cannot take more: come back later");
  },
  badResult: (): unknown => ({ items: [1, { when: new Unknown() }] }),
  badPromise: (): unknown => [Promise.resolve(1)],
  nan: (): unknown => [[NaN]],
  circular(): unknown {
    const list: unknown[] = [];
    list.push(list);
    return list;
  },
  large: () => "x".repeat(4_000),
  nothing(): void {},
  echo: (...values: unknown[]) => values,
});

withCtx(
  { name: "RemoteError tells everything of a method's error", codecs },
  async (ctx) => {
    const server = { sendStacks: true };
    const client = await ctx.rpc.startServerAndConnect(shop, { server });
    await client.remote.ping();
    for (const order of [client.remote.order, client.remote.orderLater]) {
      const error = await assertRejects(() => order(), RemoteError);
      assertEquals(error.name, "RemoteError");
      assertEquals(error.remoteName, "OutOfStock");
      assertEquals(error.message, "no apples left");
      assertEquals(error.code, "stock");
      assertEquals(error.data, { left: 0, sizes: ["S", "M"] });
      assertEquals(error.origin, client.channel.remoteAddress);
      assertStringIncludes(error.remoteStack!, "errors_test.ts");
    }
  },
);

withCtx({
  name: "RemoteError has the remote stack only if the server sends it",
  codecs,
}, async (ctx) => {
  const server = { sendStacks: false };
  const { remote } = await ctx.rpc.startServerAndConnect(shop, { server });
  await remote.ping();
  const error = await assertRejects(() => remote.order(), RemoteError);
  assertEquals(error.remoteStack, undefined);
  assertEquals(JSON.stringify(error.content).includes("_test.ts"), false);
  assertEquals(error.data, { left: 0, sizes: ["S", "M"] });
});

withCtx({
  name: "RemoteError tells of a callback's error, the other way round",
  codecs,
}, async (ctx) => {
  const host = service({
    ping() {},
    run: async (fn: () => void | Promise<void>) => {
      const error = await assertRejects(async () => await fn(), RemoteError);
      return [error.remoteName, error.message, error.code ?? ""];
    },
  });
  const { remote } = await ctx.rpc.startServerAndConnect(host);
  await remote.ping();
  const told = await remote.run(() => {
    throw new OutOfStock("nothing here");
  });
  assertEquals(told, ["OutOfStock", "nothing here", "stock"]);
});

withCtx({
  name: "an error's data that cannot be sent does not hide the error",
  codecs,
}, async (ctx) => {
  const server = await ctx.rpc.startServer(shop);
  const { remote } = await ctx.rpc.connect<typeof shop>();
  await remote.ping();
  const error = await assertRejects(() => remote.throwData(), RemoteError);
  assertEquals(error.remoteName, "Error");
  assertStringIncludes(error.message, "the real reason (its 'data' was not");
  assertEquals(error.data, undefined);
  const [side] = server.clients;
  assertEquals(side!.stats().references, 0);
});

withCtx(
  { name: "whatever is thrown is answered with a failure", codecs },
  async (ctx) => {
    const { remote } = await ctx.rpc.startServerAndConnect(shop);
    for (const [index] of THROWN.entries()) {
      await assertRejects(() => remote.throwNth(index), RemoteError);
    }
    await remote.ping();
  },
);

withCtx(
  "whatever is thrown is answered with text to a peer without extensions",
  async (ctx) => {
    const { channel } = await ctx.rpc.startServerAndConnect(shop, {
      client: { extensions: false },
    });
    for (const [index] of THROWN.entries()) {
      const sent = () => channel.send(["throwNth", [index], {}]);
      const error = await assertRejects(sent, RemoteError);
      assertEquals(typeof error.content, "string");
    }
  },
);

withCtx({
  name: "an aborted method and a busy one tell so by code and class",
  codecs,
}, async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(shop);
  await remote.ping();
  const error = await assertRejects(() => remote.abort(), RemoteError);
  assertEquals([error.remoteName, error.code], ["AbortError", "cancelled"]);
  await assertRejects(
    () => remote.busy(),
    ServerBusyError,
    "come back later",
  );
});

withCtx({
  name: "a relayed ServerBusyError does not claim that the relay did nothing",
  codecs,
}, async (ctx) => {
  await ctx.rpc.startServer(shop);
  const far = await ctx.rpc.connect<typeof shop>();
  await far.remote.ping();
  const relay = service({ ping() {}, relay: () => far.remote.busy() });
  const { remote } = await ctx.rpc.startServerAndConnect(relay);
  await remote.ping();
  const error = await assertRejects(() => remote.relay(), RemoteError);
  assertEquals(error.remoteName, "ServerBusyError");
});

withCtx({
  name: "a result that cannot be sent is an error with its path",
  codecs,
}, async (ctx) => {
  const server = await ctx.rpc.startServer(shop);
  const { remote } = await ctx.rpc.connect<typeof shop>();
  await remote.ping();
  const date = await assertRejects(() => remote.badResult(), RemoteError);
  assertEquals(date.remoteName, "SerializationError");
  assertStringIncludes(date.message, "$.items[1].when");
  assertStringIncludes(date.message, "'Unknown'");
  const promise = await assertRejects(() => remote.badPromise(), RemoteError);
  assertStringIncludes(promise.message, "$[0]");
  const circular = await assertRejects(() => remote.circular(), RemoteError);
  assertStringIncludes(circular.message, "circular");
  assertEquals(await remote.nan(), [[NaN]]);
  const [side] = server.clients;
  assertEquals(side!.stats().runningCalls, 0);
});

withCtx(
  "a result over the limit of a frame is an error, and the connection goes on",
  async (ctx) => {
    const server = { limits: { frames: { maxBytes: 1_024 } } };
    const { remote } = await ctx.rpc.startServerAndConnect(shop, { server });
    await remote.ping();
    const error = await assertRejects(() => remote.large(), RemoteError);
    assertEquals(error.remoteName, "FrameTooLargeError");
    await remote.ping();
  },
);

withCtx({
  name: "arguments that cannot be sent are refused here, with their path",
  codecs,
}, async (ctx) => {
  const client = await ctx.rpc.startServerAndConnect(shop);
  const { remote } = client;
  await remote.ping();
  const { framesOut } = client.stats();
  const sent = () => remote.echo(1, { when: new Unknown() });
  const error = await assertRejects(sent, SerializationError);
  assertEquals(error.path, [1, 1, "when"]);
  await assertRejects(
    () => remote.echo(kwargs({ a: 1 }), "not at the end"),
    SerializationError,
  );
  assertEquals(client.stats().framesOut, framesOut);
  const client2 = await ctx.rpc.connect<typeof shop>({
    limits: { frames: { maxBytes: 1_024 } },
  });
  await assertRejects(
    () => client2.remote.echo("x".repeat(2_000)),
    FrameTooLargeError,
  );
});

withCtx({
  name: "a method that returns nothing resolves to undefined",
  codecs,
}, async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(shop);
  assertEquals(await remote.nothing(), undefined);
  assertEquals(await remote.echo(undefined, 1), [undefined, 1]);
});

withCtx(
  { name: "keyword arguments arrive as a last plain object", codecs },
  async (ctx) => {
    const { remote } = await ctx.rpc.startServerAndConnect(shop);
    assertEquals(await remote.echo(1, kwargs({ times: 2 })), [1, { times: 2 }]);
    assertEquals(await remote.echo(kwargs({ times: 2 })), [{ times: 2 }]);
    assertEquals(await remote.echo(1, kwargs({})), [1]);
  },
);

withCtx({ name: "MethodNotFoundError names the path", codecs }, async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect<
    { sub: { missing(): void } }
  >(shop);
  const error = await assertRejects(
    () => remote.sub.missing(),
    MethodNotFoundError,
    "'sub/missing'",
  );
  assertEquals(error.name, "MethodNotFoundError");
  // Also before a hello, when errors are sent as text.
  const plain = await ctx.rpc.connect();
  const sent = () => plain.channel.send(["missing", [], {}]);
  assertInstanceOf(await assertRejects(sent), MethodNotFoundError);
});

const TRACEBACK = `Traceback (most recent call last):
  File "agent.py", line 12, in handle
    res = meth(*args, **kwargs)
  File "cat.py", line 3, in meow
    raise ValueError('too loud')
ValueError: too loud
`;

withCtx({
  name: "a Python traceback gives the Python name and message",
  codecs,
}, async (ctx) => {
  const server = await ctx.startServer(async (channel) => {
    for await (const request of channel) await request.fail(TRACEBACK);
  });
  const client = ctx.use(
    await openConnection<{ meow(): void }>(server.address, ctx.options),
  );
  const error = await assertRejects(() => client.remote.meow(), RemoteError);
  assertEquals(error.remoteName, "ValueError");
  assertEquals(error.message, "too loud");
  assertEquals(error.remoteStack, TRACEBACK);
  assertEquals(error.content, TRACEBACK);
  assertEquals(error.code, undefined);
});

withCtx({
  name: "a result that cannot be sent has a code that says so",
  codecs,
}, async (ctx) => {
  const bad = service({ bad: () => ({ when: new Unknown() }) });
  const { remote } = await ctx.rpc.startServerAndConnect(bad);
  const error = await assertRejects(() => remote.bad(), RemoteError);
  assertEquals(error.code, "not_serializable");
  assertEquals(error.remoteName, "SerializationError");
  assertStringIncludes(error.message, "$.when");
});

withCtx({
  name: "a thenable that settles more than once harms its own call only",
  codecs,
}, async (ctx) => {
  type Settle = (value: unknown) => void;
  const odd = service({
    ping: () => "pong",
    twice: () => ({
      then(resolve: Settle, reject: Settle) {
        resolve(1);
        resolve(2);
        reject(new RangeError("too late"));
      },
    }),
    late: () => ({
      then(resolve: Settle) {
        resolve(1);
        setImmediate(() => resolve(2));
      },
    }),
    throws: () => ({
      then(resolve: Settle) {
        resolve(1);
        throw new RangeError("too late");
      },
    }),
  });
  const { remote } = await ctx.rpc.startServerAndConnect<typeof odd>(odd);
  for (const call of [remote.twice, remote.late, remote.throws]) {
    assertEquals(await call() as unknown, 1);
  }
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals(await remote.ping(), "pong");
});
