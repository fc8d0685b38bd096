import { assert, assertEquals, assertRejects } from "@std/assert";
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { Agent } from "../../agent/agent.ts";
import { RemoteError } from "../../channel/errors.ts";
import { call } from "../../rpc/call.ts";
import { MethodNotFoundError } from "../../rpc/errors.ts";
import { withOptions } from "../../rpc/options.ts";
import { openConnection } from "../../rpc/deno.ts";
import { expose } from "../../rpc/service/expose.ts";
import { service } from "../../rpc/service/service.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/ctx.ts";
import { followContext, Recorder } from "./fixtures/recorder.ts";
import { openTelemetry } from "./open_telemetry.ts";

followContext();

const { CLIENT, SERVER } = SpanKind;

const adder = service({
  add: (a: number, b: number) => a + b,
  fail: () => {
    throw new RangeError("no such number");
  },
  throwNothing: () => {
    throw Object.create(null);
  },
  throwUnreadable: () => {
    const get = () => {
      throw new Error("not to be read");
    };
    throw Object.defineProperty(new Error("no"), "stack", { get });
  },
  nested: service({ echo: (value: unknown) => value }),
  whoami: () => call().meta,
  waits: () => {
    const { signal } = call();
    return new Promise<void>((_resolve, reject) => {
      signal.addEventListener("abort", () => reject(signal.reason));
    });
  },
  withCallback: (callback: () => Promise<string>) => callback(),
});

/** Returns the options of both sides. */
function traced() {
  const { calls, requests, connections } = openTelemetry();
  return {
    middleware: {
      calls: [calls],
      requests: [requests],
      connections: [connections],
    },
  };
}

async function connect(ctx: Ctx) {
  const recorder = Recorder.register();
  const options = traced();
  const client = await ctx.rpc.startServerAndConnect(adder, {
    server: options,
    client: options,
  });
  const address = client.channel.remoteAddress;
  return { recorder, client, address, remote: client.remote };
}

withCtx("openTelemetry() makes a span on each side of a call", async (ctx) => {
  const { recorder, remote, address } = await connect(ctx);
  assertEquals(await remote.nested.echo("a"), "a");
  const made = recorder.span(CLIENT, "nested/echo");
  const served = recorder.span(SERVER, "nested/echo");
  assertEquals(made.parentId, undefined);
  assertEquals([served.traceId, served.parentId], [made.traceId, made.spanId]);
  for (const span of [made, served]) {
    assert(span.isEnded);
    assertEquals(span.status, null);
    assertEquals(span.attributes["rpc.system.name"], "denomas");
    assertEquals(span.attributes["rpc.method"], "nested/echo");
  }
  assert(made.attributes["server.address"] !== undefined);
  assert(served.attributes["network.peer.address"] !== undefined);
  if (ctx.transport === "tcp") {
    assertEquals(made.attributes["server.address"], "127.0.0.1");
    const [, port] = /:(\d+)$/.exec(address)!;
    assertEquals(made.attributes["server.port"], Number(port));
  }
});

withCtx("openTelemetry() follows a call over two connections", async (ctx) => {
  const recorder = Recorder.register();
  const options = traced();
  const inner = await ctx.rpc.startServerAndConnect(adder, {
    server: options,
    client: options,
  });
  const outer = await ctx.rpc.startServerAndConnect(
    service({
      relay: async (a: number) => {
        await new Promise((resolve) => setImmediate(resolve));
        return await inner.remote.add(a, 1);
      },
    }),
    { server: options, client: options },
  );
  assertEquals(await outer.remote.relay(1), 2);
  const chain = [
    recorder.span(CLIENT, "relay"),
    recorder.span(SERVER, "relay"),
    recorder.span(CLIENT, "add"),
    recorder.span(SERVER, "add"),
  ];
  assertEquals(
    chain.map((span) => span.parentId),
    [undefined, ...chain.slice(0, 3).map((span) => span.spanId)],
  );
  assertEquals(new Set(chain.map((span) => span.traceId)).size, 1);
});

withCtx("openTelemetry() records what a method throws", async (ctx) => {
  const { recorder, remote } = await connect(ctx);
  await assertRejects(() => remote.fail());
  for (const kind of [CLIENT, SERVER]) {
    const span = recorder.span(kind, "fail");
    assertEquals(span.attributes["error.type"], "RangeError");
    assertEquals(span.status?.code, SpanStatusCode.ERROR);
    assertEquals(span.status?.message, "no such number");
    assertEquals(span.exceptions.length, 1);
    assert(span.isEnded);
  }
});

withCtx("openTelemetry() records whatever is thrown", async (ctx) => {
  const { recorder, remote } = await connect(ctx);
  const error = await assertRejects(() => remote.throwNothing(), Error);
  for (const kind of [CLIENT, SERVER]) {
    const span = recorder.span(kind, "throwNothing");
    assertEquals(span.status?.message, error.message);
    assert(span.isEnded);
  }
});

withCtx("openTelemetry() records an error that cannot be read", async (ctx) => {
  const { recorder, remote } = await connect(ctx);
  await assertRejects(() => remote.throwUnreadable(), RemoteError, "no");
  const served = recorder.span(SERVER, "throwUnreadable");
  assertEquals([served.status?.message, served.isEnded], ["no", true]);
  assertEquals(recorder.sum("denomas.calls.active"), 0);
});

withCtx("openTelemetry() names no method that does not exist", async (ctx) => {
  const { recorder, remote } = await connect(ctx);
  const missing = remote as unknown as { nothing(): Promise<void> };
  await assertRejects(() => missing.nothing(), MethodNotFoundError);
  const served = recorder.span(SERVER, "_OTHER");
  assertEquals(served.attributes["rpc.method"], "_OTHER");
  assertEquals(served.attributes["rpc.method_original"], "nothing");
  const [measured] = recorder.measurements.filter((it) =>
    it.instrument === "rpc.server.call.duration"
  );
  assertEquals(measured!.attributes["rpc.method"], "_OTHER");
});

withCtx("openTelemetry() ends the spans of a call given up", async (ctx) => {
  const { recorder, remote, client } = await connect(ctx);
  const controller = new AbortController();
  const given = withOptions(remote, { signal: controller.signal }).waits();
  while (recorder.spans.length < 2) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assertEquals(recorder.sum("denomas.calls.active"), 2);
  controller.abort(new DOMException("enough", "AbortError"));
  await assertRejects(() => given, DOMException, "enough");
  assertEquals(
    recorder.span(CLIENT, "waits").attributes["error.type"],
    "AbortError",
  );
  await client.close();
  await ctx.rpc.closeServer();
  const served = recorder.span(SERVER, "waits");
  assertEquals(served.attributes["error.type"], "AbortError");
  assert(served.isEnded);
  assertEquals(recorder.sum("denomas.calls.active"), 0);
});

withCtx("openTelemetry() ends the spans of a lost call", async (ctx) => {
  const { recorder, remote, client } = await connect(ctx);
  const lost = remote.waits();
  while (recorder.spans.length < 2) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.close({ graceMs: 0 });
  await assertRejects(() => lost);
  await ctx.rpc.closeServer();
  for (const kind of [CLIENT, SERVER]) {
    const span = recorder.span(kind, "waits");
    assertEquals(span.attributes["error.type"], "ConnectionClosedError");
    assert(span.isEnded);
  }
});

const counters = service({
  async *count(to: number) {
    for (let i = 1; i <= to; i++) yield i;
  },
  async *failAfter(items: number) {
    for (let i = 0; i < items; i++) yield i;
    throw new RangeError("no more numbers");
  },
  async *endless() {
    for (let i = 0;; i++) yield i;
  },
  async *never() {
    await new Promise(() => {});
    yield 0;
  },
  two: () => ({ one: iterableOf(1), other: iterableOf(2, 3) }),
  readable: () => ReadableStream.from([1, 2]),
});

/** Returns an async iterable that is not a generator. */
function iterableOf<T>(...items: readonly T[]): AsyncIterable<T> {
  return {
    async *[Symbol.asyncIterator]() {
      yield* items;
    },
  };
}

/** Returns both spans of the only call of the method `name`. */
function spansOf(recorder: Recorder, name: string) {
  return [recorder.span(CLIENT, name), recorder.span(SERVER, name)] as const;
}

async function connectCounters(ctx: Ctx) {
  const recorder = Recorder.register();
  const options = traced();
  const client = await ctx.rpc.startServerAndConnect(counters, {
    server: options,
    client: options,
  });
  return { recorder, client, remote: client.remote };
}

withCtx("openTelemetry() spans a stream to its end", async (ctx) => {
  const { recorder, remote } = await connectCounters(ctx);
  const stream = await remote.count(200);
  const spans = spansOf(recorder, "count");
  assertEquals(spans.map((span) => span.isEnded), [false, false]);
  assertEquals(recorder.sum("denomas.calls.active"), 2);
  assertEquals((await Array.fromAsync(stream)).length, 200);
  for (const { isEnded, status, attributes } of spans) {
    assertEquals([isEnded, status], [true, null]);
    assertEquals(attributes["denomas.stream.items"], 200);
  }
  assertEquals(recorder.sum("denomas.calls.active"), 0);
});

withCtx("openTelemetry() spans all streams of a result", async (ctx) => {
  const { recorder, remote } = await connectCounters(ctx);
  const { one, other } = await remote.two();
  const spans = spansOf(recorder, "two");
  assertEquals(await Array.fromAsync(one), [1]);
  assertEquals(spans.map((span) => span.isEnded), [false, false]);
  assertEquals(await Array.fromAsync(other), [2, 3]);
  for (const { isEnded, attributes } of spans) {
    assertEquals([isEnded, attributes["denomas.stream.items"]], [true, 3]);
  }
});

withCtx("openTelemetry() spans a ReadableStream", async (ctx) => {
  const { recorder, remote } = await connectCounters(ctx);
  const stream = await remote.readable();
  assert(stream instanceof ReadableStream);
  assertEquals(await Array.fromAsync(stream), [1, 2]);
  for (const { isEnded, attributes } of spansOf(recorder, "readable")) {
    assertEquals([isEnded, attributes["denomas.stream.items"]], [true, 2]);
  }
});

withCtx("openTelemetry() records the error of a stream", async (ctx) => {
  const { recorder, remote } = await connectCounters(ctx);
  const stream = await remote.failAfter(3);
  await assertRejects(() => Array.fromAsync(stream), RemoteError);
  for (const span of spansOf(recorder, "failAfter")) {
    assert(span.isEnded);
    assertEquals(span.status?.code, SpanStatusCode.ERROR);
    assertEquals(span.attributes["error.type"], "RangeError");
    assertEquals(span.attributes["denomas.stream.items"], 3);
  }
  const types = recorder.measurements
    .filter((it) => it.instrument === "rpc.server.call.duration")
    .map(({ attributes }) => attributes["error.type"]);
  assertEquals(types, ["RangeError"]);
});

withCtx(
  "openTelemetry() ends the spans of a stream that is left",
  async (ctx) => {
    const { recorder, remote } = await connectCounters(ctx);
    const unread = await remote.count(1);
    await unread.return?.();
    for (const { isEnded, status, attributes } of spansOf(recorder, "count")) {
      assertEquals([isEnded, status], [true, null]);
      assertEquals(attributes["denomas.stream.items"], 0);
    }
    for await (const number of await remote.endless()) if (number === 3) break;
    for (
      const { isEnded, status, attributes } of spansOf(recorder, "endless")
    ) {
      assertEquals([isEnded, status], [true, null]);
      assert(Number(attributes["denomas.stream.items"]) >= 4);
    }
  },
);

withCtx("openTelemetry() ends the spans of a stream given up", async (ctx) => {
  const { recorder, remote, client } = await connectCounters(ctx);
  const controller = new AbortController();
  const { signal } = controller;
  const stream = await withOptions(remote, { signal }).never();
  const next = stream.next();
  controller.abort(new DOMException("enough", "AbortError"));
  await assertRejects(() => next, DOMException, "enough");
  await client.close({ graceMs: 1_000 });
  await ctx.rpc.closeServer();
  const [made, served] = spansOf(recorder, "never");
  assertEquals([made.isEnded, served.isEnded], [true, true]);
  assertEquals(made.attributes["error.type"], "AbortError");
});

withCtx("openTelemetry() ends the spans of a lost stream", async (ctx) => {
  const { recorder, remote, client } = await connectCounters(ctx);
  // The stream is not read, so only the end of the connection can end it.
  await remote.endless();
  await client.close({ graceMs: 0 });
  await ctx.rpc.closeServer();
  for (const span of spansOf(recorder, "endless")) {
    assertEquals(span.attributes["error.type"], "ConnectionClosedError");
    assert(span.isEnded);
  }
  assertEquals(recorder.sum("denomas.calls.active"), 0);
});

withCtx(
  "openTelemetry() spans streams beside another telemetry",
  async (ctx) => {
    const recorder = Recorder.register();
    const [one, other] = [traced().middleware, traced().middleware];
    const both = {
      middleware: {
        calls: [...one.calls, ...other.calls],
        requests: [...one.requests, ...other.requests],
      },
    };
    const { remote } = await ctx.rpc.startServerAndConnect(counters, {
      server: both,
      client: both,
    });
    await Array.fromAsync(await remote.count(2));
    assertEquals(
      recorder.spans.map((it) => it.attributes["denomas.stream.items"]),
      [2, 2, 2, 2],
    );
    assert(recorder.spans.every((it) => it.isEnded));
  },
);

withCtx("openTelemetry() runs a producer within its span", async (ctx) => {
  const recorder = Recorder.register();
  const options = traced();
  const inner = await ctx.rpc.startServerAndConnect(adder, {
    server: options,
    client: options,
  });
  const counter = service({
    async *count() {
      for (let i = 1; i <= 2; i++) yield await inner.remote.add(0, i);
    },
  });
  const { remote } = await ctx.rpc.startServerAndConnect(counter, {
    server: options,
    client: options,
  });
  assertEquals(await Array.fromAsync(await remote.count()), [1, 2]);
  const served = recorder.span(SERVER, "count");
  const within = recorder.spans.filter((it) =>
    it.kind === CLIENT && it.name === "add"
  );
  assertEquals(
    within.map((span) => span.parentId),
    [served.spanId, served.spanId],
  );
});

withCtx("openTelemetry() lets a stream end early", async (ctx) => {
  Recorder.register();
  let hasEnded = false;
  const endless = service({
    async *numbers() {
      try {
        for (let i = 0;; i++) yield i;
      } finally {
        hasEnded = true;
      }
    },
  });
  const { remote } = await ctx.rpc.startServerAndConnect(endless, {
    server: traced(),
  });
  for await (const number of await remote.numbers()) {
    if (number === 3) break;
  }
  assert(hasEnded);
});

withCtx(
  "openTelemetry() ends a generator that was begun before",
  async (ctx) => {
    Recorder.register();
    let hasEnded = false;
    async function* numbers() {
      try {
        for (let i = 0;; i++) yield i;
      } finally {
        hasEnded = true;
      }
    }
    const begun = service({
      async numbers() {
        const items = numbers();
        await items.next();
        return items;
      },
    });
    const { remote } = await ctx.rpc.startServerAndConnect(begun, {
      server: traced(),
    });
    await (await remote.numbers()).return?.();
    assert(hasEnded);
  },
);

withCtx("openTelemetry() gives all callbacks one name", async (ctx) => {
  const { recorder, remote } = await connect(ctx);
  await remote.withCallback(() => Promise.resolve("called"));
  const made = recorder.span(CLIENT, "$/ref/*");
  assert(/^\$\/ref\/\d+$/.test(String(made.attributes["rpc.method_original"])));
  assertEquals(made.parentId, recorder.span(SERVER, "withCallback").spanId);
  assertEquals(recorder.span(SERVER, "$/ref/*").parentId, made.spanId);
});

withCtx("openTelemetry() keeps the meta of the call", async (ctx) => {
  const { remote } = await connect(ctx);
  const signed = withOptions(remote, { meta: { token: "secret" } });
  const { token, traceparent } = await signed.whoami();
  assertEquals(token, "secret");
  assert(typeof traceparent === "string");
});

withCtx("openTelemetry() takes no nonsense for a context", async (ctx) => {
  const recorder = Recorder.register();
  const { remote } = await ctx.rpc.startServerAndConnect(adder, {
    server: traced(),
  });
  for (const traceparent of [1, null, "", "00-zz", { toString: 1 }]) {
    await withOptions(remote, { meta: { traceparent } }).add(1, 2);
  }
  assertEquals(recorder.spans.length, 5);
  assert(recorder.spans.every((span) => span.parentId === undefined));
});

withCtx("openTelemetry() measures calls and connections", async (ctx) => {
  const { recorder, client, remote } = await connect(ctx);
  await remote.add(1, 2);
  assertEquals(recorder.sum("denomas.connections.active"), 2);
  for (const side of ["client", "server"]) {
    const [duration, ...more] = recorder.measurements.filter((it) =>
      it.instrument === `rpc.${side}.call.duration`
    );
    assertEquals(more, []);
    assert(duration!.value > 0 && duration!.value < 10);
    assertEquals(duration!.attributes, {
      "rpc.system.name": "denomas",
      "rpc.method": "add",
    });
  }
  assertEquals(recorder.sum("denomas.calls.active"), 0);
  await client.close();
  await ctx.rpc.closeServer();
  assertEquals(recorder.sum("denomas.connections.active"), 0);
});

withCtx("openTelemetry() has no series of a peer's choice", async (ctx) => {
  const recorder = Recorder.register();
  let count = 0;
  const hostile = service({
    fail: () => {
      const name = `Chosen${count}`;
      throw Object.assign(new Error("no"), { name, code: `code_${count++}` });
    },
  });
  const options = traced();
  const { remote } = await ctx.rpc.startServerAndConnect(hostile, {
    client: options,
    server: { middleware: options.middleware },
  });
  for (let i = 0; i < 3; i++) await assertRejects(() => remote.fail());
  const types = (side: string) =>
    recorder.measurements
      .filter((it) => it.instrument === `rpc.${side}.call.duration`)
      .map(({ attributes }) => attributes["error.type"]);
  assertEquals(types("client"), Array(3).fill("RemoteError"));
  assertEquals(types("server"), Array(3).fill("Error"));
  assertEquals(
    recorder.spans.filter(({ kind }) => kind === CLIENT).map((span) =>
      span.attributes["error.type"]
    ),
    ["Chosen0", "Chosen1", "Chosen2"],
  );
});

withCtx("openTelemetry() calls a peer without extensions", async (ctx) => {
  const recorder = Recorder.register();
  const contents: unknown[] = [];
  const server = await ctx.startServer(async (channel) => {
    for await (const request of channel) {
      const [path] = request.content as [string];
      if (path.startsWith("$/")) await request.fail(new Error("what?"));
      else {
        contents.push(request.content);
        await request.reply("plain");
      }
    }
  });
  const client = ctx.use(
    await openConnection<typeof adder>(server.address, {
      ...ctx.options,
      ...traced(),
    }),
  );
  assertEquals(await client.remote.nested.echo("a") as unknown, "plain");
  assertEquals(contents, [["nested/echo", ["a"], {}]]);
  assert(recorder.span(CLIENT, "nested/echo").isEnded);
});

withCtx("openTelemetry() sends no context if there is none", async (ctx) => {
  Recorder.unregister();
  const { remote } = await ctx.rpc.startServerAndConnect(adder, {
    client: traced(),
  });
  assertEquals(await remote.whoami(), {});
});

class Greeter extends Agent {
  @expose
  greet(name: string): string {
    return `Hello, ${name}`;
  }
}

withCtx("openTelemetry() follows calls between containers", async (ctx) => {
  const recorder = Recorder.register();
  const options = traced();
  const [here, there] = [
    await ctx.createContainer(options),
    await ctx.createContainer(options),
  ];
  const { address } = await there.spawn(Greeter);
  const greeter = await here.connect<Greeter>(address);
  assertEquals(await greeter.greet("Ada"), "Hello, Ada");
  const made = recorder.span(CLIENT, "agents/*/greet");
  const served = recorder.span(SERVER, "agents/*/greet");
  assertEquals(served.parentId, made.spanId);
  assertEquals(made.attributes["rpc.method_original"], "agents/0/greet");
  assertEquals(recorder.sum("denomas.connections.active"), 2);
});

Deno.test("openTelemetry() names methods as it is told", async () => {
  const recorder = Recorder.register();
  const { calls } = openTelemetry({ methodName: () => "any" });
  const made = { path: "a/b", remoteAddress: "own://x", args: [], options: {} };
  assertEquals(await calls(made, () => Promise.resolve(1)), 1);
  const { attributes } = recorder.span(CLIENT, "any");
  assertEquals(attributes["rpc.method_original"], "a/b");
  assertEquals(attributes["server.address"], "own://x");
});
