import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import type { Channel } from "../../channel/channel.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { ConnectionClosedError, RemoteError } from "../../channel/errors.ts";
import { openConnection as openChannel } from "../../channel/deno.ts";
import type { Request } from "../../channel/request.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import { openConnection, startServer } from "../deno.ts";
import type { RpcClient } from "../rpc_client.ts";
import { UnsupportedByPeerError } from "../errors.ts";
import { kwargs } from "../kwargs.ts";
import { keep, withOptions } from "../options.ts";
import { service } from "../service/service.ts";

// The peers here are channels without RPC. They only know frames, and see a
// service reference in its encoded form.

/**
 * Returns the path of a service reference as a peer without custom types sees
 * it.
 */
function pathIn(reference: unknown): string {
  const { type, path } = reference as { type: number; path: string };
  assertEquals(type, 0);
  return path;
}

/** Represents a reference on a side without RPC. */
class WireReference {
  readonly type = 0;
  readonly path: string;
  constructor(path: string) {
    this.path = path;
  }
}

const serializers = [{
  type: WireReference,
  serialize: (value: WireReference) => value.path,
  deserialize: (path: unknown) => new WireReference(path as string),
}];

type Handlers = Record<
  string,
  (args: unknown[], kwargs: unknown, channel: Channel) => unknown
>;

/** How a peer without extensions responds to a hello. */
type OnHello = "fails" | "silent";

/** Serves calls like a peer that does not know denomas. */
async function servePlainly(
  channel: Channel,
  handlers: Handlers,
  paths: string[],
  onHello: OnHello,
): Promise<void> {
  for await (const request of channel) {
    const [path, args, kwargs] = request.content as [
      string,
      unknown[],
      unknown,
    ];
    paths.push(path);
    if (path === "$/hello" && onHello === "silent") continue;
    const handler = handlers[path];
    if (handler === undefined) {
      await request.fail(
        `Traceback (most recent call last):\n  File "rpc.py", line 1, in resolve\nLookupError: ${path}\n`,
      );
      continue;
    }
    // Not awaited: it may call back, which needs this loop.
    answer(request, () => handler(args, kwargs, channel));
  }
}

async function answer(request: Request, run: () => unknown): Promise<void> {
  try {
    await request.reply(await run());
  } catch (error) {
    // The channel may have ended meanwhile.
    await request.fail(error).catch(() => {});
  }
}

interface PlainService {
  add(a: number, b: number): number;
  meow(what: string, options: { times: number }): string;
  fail(): void;
  root(): { sub: { work(): string } };
  sub: { work(): string };
  run(fn: (value: number) => number, value: number): number;
  keep(fn: (value: number) => number): void;
  callKept(value: number): number;
  wait(): Promise<void>;
  take(value: unknown): void;
  echo(value: unknown): unknown;
}

let kept = "";

const handlers: Handlers = {
  add: ([a, b]) => Number(a) + Number(b),
  meow: ([what], kwargs) =>
    String(what).repeat((kwargs as { times: number }).times),
  fail() {
    throw new RangeError("too far");
  },
  root: () => new WireReference(""),
  "sub/work": () => "sub",
  run: ([fn, value], _kwargs, channel) =>
    channel.send([pathIn(fn), [value], {}]),
  keep([fn]) {
    kept = pathIn(fn);
  },
  callKept: ([value], _kwargs, channel) => channel.send([kept, [value], {}]),
  wait: (_args, _kwargs, channel) => channel.closed,
  take() {},
  echo: ([value]) => value,
};

async function connectToPlain(
  ctx: Ctx,
  onHello: OnHello = "fails",
): Promise<{ client: RpcClient<PlainService>; paths: string[] }> {
  const paths: string[] = [];
  const server = await ctx.startServer(
    (channel) => servePlainly(channel, handlers, paths, onHello),
    { serializers },
  );
  const client = ctx.use(
    await openConnection<PlainService>(server.address, ctx.options),
  );
  return { client, paths };
}

withCtx(
  { name: "a plain server answers the calls of a client", codecs },
  async (ctx) => {
    const { client, paths } = await connectToPlain(ctx);
    const { remote } = client;
    assertEquals(await remote.add(1, 2), 3);
    assertEquals(await remote.meow("mi", kwargs({ times: 2 })), "mimi");
    assertEquals(await remote.sub.work(), "sub");
    const root = await remote.root();
    assertEquals(await root.sub.work(), "sub");
    const many = Array.from({ length: 50 }, (_, i) => remote.add(i, i));
    assertEquals(await Promise.all(many), many.map((_, i) => 2 * i));
    assertEquals(paths.filter((path) => path.startsWith("$/")), ["$/hello"]);
  },
);

withCtx(
  { name: "a plain server's failures become a RemoteError", codecs },
  async (ctx) => {
    const { client } = await connectToPlain(ctx);
    const error = await assertRejects(() => client.remote.fail(), RemoteError);
    assertEquals([error.remoteName, error.message], ["RangeError", "too far"]);
    const loose = client.remote as unknown as { nothing(): Promise<void> };
    const missing = await assertRejects(() => loose.nothing(), RemoteError);
    assertEquals([missing.remoteName, missing.message], [
      "LookupError",
      "nothing",
    ]);
  },
);

withCtx(
  "a plain server that never answers the hello is called all the same",
  async (ctx) => {
    const { client, paths } = await connectToPlain(ctx, "silent");
    assertEquals(await client.remote.add(1, 2), 3);
    const slow = withOptions(client.remote, { timeoutMs: 60_000 });
    assertEquals(await slow.add(3, 4), 7);
    assertEquals(await client.remote.run((value) => value + 1, 1), 2);
    assertEquals(paths, ["$/hello", "add", "add", "run"]);
    // The hello itself is still pending, and ends with the connection.
    assertEquals(client.stats().pendingCalls, 1);
    await client.close();
    assertEquals(client.stats().pendingCalls, 0);
    assertEquals(client.stats().references, 0);
  },
);

withCtx(
  "a plain server is sent nothing that begins with '$/' but the hello",
  async (ctx) => {
    const { client, paths } = await connectToPlain(ctx);
    const { remote } = client;
    await remote.add(1, 2);
    await withOptions(remote, { timeoutMs: 60_000 }).add(1, 2);
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = withOptions(remote, { signal }).wait();
    await remote.add(1, 2);
    controller.abort(new Error("given up"));
    await assertRejects(() => waiting, Error, "given up");
    const root = await remote.root();
    keep(root)[Symbol.dispose]();
    await remote.add(1, 2);
    assertEquals(paths, [
      "$/hello",
      "add",
      "add",
      "wait",
      "add",
      "root",
      "add",
    ]);
  },
);

withCtx({
  name: "a plain server calls functions by their path, until the end",
  codecs,
}, async (ctx) => {
  const { client } = await connectToPlain(ctx);
  const { remote } = client;
  assertEquals(await remote.run((value) => value * 2, 21), 42);
  await remote.keep((value) => value + 1);
  // The plain peer cannot tell when it no longer needs them.
  assertEquals(await remote.callKept(1), 2);
  assertEquals(client.stats().references, 2);
  await client.close();
  assertEquals(client.stats().references, 0);
});

withCtx(
  "a plain server gets its own proxy as a reference that forwards",
  async (ctx) => {
    const { client } = await connectToPlain(ctx);
    const { remote } = client;
    const root = await remote.root();
    using back = keep(
      await remote.echo(root.sub) as { work(): Promise<string> },
    );
    // It was sent as '$/ref/<k>', which the plain server sent back unchanged.
    assertEquals(client.stats().references, 1);
    assertEquals(
      await assertRejects(() => back.work(), RemoteError).then((e) =>
        e.remoteName
      ),
      "LookupError",
    );
  },
);

withCtx("a plain server cannot be sent a stream", async (ctx) => {
  const { client, paths } = await connectToPlain(ctx);
  async function* stream(): AsyncGenerator<number> {
    yield 1;
  }
  await client.remote.add(1, 2);
  const error = await assertRejects(() => client.remote.take(stream()), Error);
  assertInstanceOf(
    error.cause instanceof Error ? error.cause : error,
    UnsupportedByPeerError,
  );
  assertEquals(paths, ["$/hello", "add"]);
  assertEquals(client.stats().streams, 0);
});

withCtx(
  "the end of a plain server's connection ends calls and references",
  async (ctx) => {
    const { client } = await connectToPlain(ctx);
    await client.remote.keep((value) => value);
    const waiting = client.remote.wait();
    const closing = ctx.closeServer({ graceMs: 0 });
    await assertRejects(() => waiting, ConnectionClosedError);
    await closing;
    await client.closed;
    const { references, pendingCalls, runningCalls } = client.stats();
    assertEquals([references, pendingCalls, runningCalls], [0, 0, 0]);
  },
);

const cat = service({ meow: () => "meow" });

const served = service({
  ping() {},
  add: (a: number, b: number) => a + b,
  cat,
  listed: () => cat,
  unlisted: () => service({ meow: () => "unlisted" }),
  adder: (a: number) => (b: number) => a + b,
  meow: (what: string, { times }: { times: number }) => what.repeat(times),
  run: async (fn: (value: number) => Promise<number>, value: number) =>
    await fn(value),
  fail(): void {
    throw Object.assign(new RangeError("too far"), { code: "far", data: 1 });
  },
  async *stream(): AsyncGenerator<number> {
    yield 1;
  },
});

/** Connects a plain client that offers `mine` to the server. */
async function connectPlainly(
  ctx: Ctx,
  mine: Handlers = {},
): Promise<{
  call: (path: string, ...args: unknown[]) => Promise<unknown>;
  channel: Channel;
  paths: string[];
  side: () => RpcClient<{ twice(value: number): number }>;
}> {
  const server = ctx.use(
    await startServer<RpcClient<{ twice(value: number): number }>>(
      ctx.address,
      served,
      { ...ctx.options, maskErrors: false },
    ),
  );
  const paths: string[] = [];
  const channel = await openPlainly(ctx, server.address);
  servePlainly(channel, mine, paths, "fails");
  return {
    call: (path, ...args) => channel.send([path, args, {}]),
    channel,
    paths,
    side: () => [...server.clients][0]!,
  };
}

async function openPlainly(ctx: Ctx, address: string): Promise<Channel> {
  return ctx.use(
    await openChannel(address, { ...ctx.options, serializers }),
  );
}

withCtx({ name: "a plain client calls a server", codecs }, async (ctx) => {
  const { call, channel, paths } = await connectPlainly(ctx);
  assertEquals(await call("add", 1, 2), 3);
  assertEquals(await call("cat/meow"), "meow");
  const meow = channel.send(["meow", ["mi"], { times: 2 }]);
  assertEquals(await meow, "mimi");
  assertEquals(paths, []);
});

withCtx(
  { name: "a plain client is told failures as text", codecs },
  async (ctx) => {
    const { call } = await connectPlainly(ctx);
    const error = await assertRejects(() => call("fail"), RemoteError);
    assertEquals(error.content, "RangeError: too far\n");
    const missing = await assertRejects(() => call("nothing"), RemoteError);
    assert(String(missing.content).startsWith("MethodNotFoundError: "));
  },
);

withCtx(
  { name: "a plain client calls what it was given by its path", codecs },
  async (ctx) => {
    const { call, side } = await connectPlainly(ctx);
    assertEquals(pathIn(await call("listed")), "cat");
    const add = pathIn(await call("adder", 1));
    const unlisted = pathIn(await call("unlisted"));
    assertEquals([add, unlisted], ["$/ref/0", "$/ref/1"]);
    assertEquals(await call(add, 2), 3);
    assertEquals(await call(`${unlisted}/meow`), "unlisted");
    assertEquals(side().stats().references, 2);
  },
);

withCtx({
  name: "a plain client's own services and functions can be called",
  codecs,
}, async (ctx) => {
  const mine = { twice: ([value]: unknown[]) => 2 * Number(value) };
  const { call, side, paths } = await connectPlainly(ctx, mine);
  assertEquals(await call("run", new WireReference("twice"), 4), 8);
  assertEquals(await side().remote.twice(5), 10);
  // The accepting side sends no hello and no other request.
  assertEquals(paths, ["twice", "twice"]);
});

withCtx({
  name: "a plain client that asks for a stream gets a failure",
  codecs,
}, async (ctx) => {
  const { call, side } = await connectPlainly(ctx);
  const error = await assertRejects(() => call("stream"), RemoteError);
  assert(String(error.content).includes("no extensions"), error.message);
  const { streams, runningCalls } = side().stats();
  assertEquals([streams, runningCalls], [0, 0]);
});

withCtx("a plain client's connection leaves nothing behind", async (ctx) => {
  const { call, channel, side } = await connectPlainly(ctx);
  await call("adder", 1);
  const held = side();
  assertEquals(held.stats().references, 1);
  await channel.close();
  await held.closed;
  assertEquals(held.stats().references, 0);
  assertFalse(held.stats().pendingCalls > 0);
});
