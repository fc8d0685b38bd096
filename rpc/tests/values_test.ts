import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { json } from "../../channel/codecs/json/json.ts";
import { msgpack } from "../../channel/codecs/msgpack/msgpack.ts";
import { SerializationError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { expose } from "../service/expose.ts";
import { service } from "../service/service.ts";
import { openReconnecting } from "../reconnect/deno.ts";

const codecs = [json(), msgpack()];

/** Values that plain data cannot express. */
const values: Readonly<Record<string, unknown>> = {
  date: new Date(1_000),
  map: new Map<unknown, unknown>([["a", 1], [new Date(0), new Set([1n])]]),
  set: new Set<unknown>([1, new Map([[{ a: 1 }, undefined]])]),
  bigint: 2n ** 100n,
  "small bigint": 1n,
  url: new URL("https://example.com/?a=1"),
  pattern: /a+/g,
  bytes: Uint8Array.of(1, 2, 3),
  floats: new Float64Array([0.5, -1]),
  buffer: Uint8Array.of(4).buffer,
  "not a number": NaN,
  infinity: -Infinity,
  undefined: undefined,
};

class Echo {
  @expose
  echo(value: unknown): unknown {
    return value;
  }

  @expose
  kinds(...all: unknown[]): string[] {
    return all.map((it) => Object.prototype.toString.call(it));
  }

  @expose
  async *stream(value: unknown): AsyncGenerator<unknown> {
    yield value;
    yield [value];
  }

  @expose
  async callBack(
    f: (value: unknown) => unknown,
    value: unknown,
  ): Promise<unknown> {
    return await f(value);
  }

  @expose
  fail(): Error {
    const cause = new RangeError("inner");
    return new TypeError("outer", { cause });
  }
}

withCtx({
  name: "values that codecs do not carry arrive in all directions",
  codecs,
}, async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(new Echo());
  for (const [name, value] of Object.entries(values)) {
    assertEquals(await remote.echo(value), value, name);
    assertEquals(await remote.echo([value]), [value], name);
    assertEquals(await remote.callBack((it) => it, value), value, name);
    const items = await Array.fromAsync(await remote.stream(value));
    assertEquals(items, [value, [value]], name);
  }
  assertEquals(await remote.echo(values), await remote.echo({ ...values }));
  const error = await remote.fail();
  assertInstanceOf(error, TypeError);
  assertInstanceOf(error.cause, RangeError);
  assertEquals(error.cause.message, "inner");
  assertEquals(await remote.kinds(1n, undefined, new Date(), undefined), [
    "[object BigInt]",
    "[object Undefined]",
    "[object Date]",
  ]);
});

withCtx({
  name: "the first call of a connection may pass such values",
  codecs,
}, async (ctx) => {
  await ctx.rpc.startServer(new Echo());
  for (const value of [new Date(0), [undefined], 1n, new Map()]) {
    const { remote } = await ctx.rpc.connect<Echo>();
    const first = remote.echo(value);
    const second = remote.echo("plain");
    assertEquals(await first, value);
    assertEquals(await second, "plain");
  }
});

withCtx({
  name: "undefined arguments use default values, as with a local call",
  codecs,
}, async (ctx) => {
  const pages = service({
    size: (_name: string, lines = 7) => lines,
    middle: (a: string, b = "default", c = "end") => a + b + c,
    count: (...all: unknown[]) => all.length,
    nothing: () => {},
    property: (it: { a?: number | undefined }) => Object.keys(it),
  });
  const { remote } = await ctx.rpc.startServerAndConnect(pages);
  const options: { lines?: number } = {};
  assertEquals(await remote.size("a", options.lines), 7);
  assertEquals(await remote.middle("a", undefined, "c"), "adefaultc");
  assertEquals(await remote.count(1, undefined, undefined), 1);
  assertEquals(await remote.count(undefined, 1), 2);
  assertStrictEquals(await remote.nothing(), undefined);
  assertEquals(await remote.property({ a: undefined }), []);
});

withCtx({
  name: "peers without extensions get such values as before",
  codecs,
}, async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(new Echo(), {
    client: { extensions: false },
  });
  const refused = ["date", "map", "set", "url", "pattern", "floats", "buffer"];
  for (const name of refused) {
    const error = await assertRejects(
      () => remote.echo(values[name]),
      SerializationError,
    );
    assert(error.message.includes("instance of"), error.message);
  }
  assertEquals(await remote.echo([undefined]), [null]);
  assertEquals(await remote.echo(undefined), null);
});

withCtx({
  name: "a value that cannot be sent is refused with what to send instead",
  codecs,
}, async (ctx) => {
  const echo = service({ echo: (value: unknown) => value });
  const server = await ctx.rpc.startServer(echo);
  const client = await ctx.rpc.connect<typeof echo>();
  const reconnecting = await openReconnecting<typeof echo>(
    server.address,
    ctx.options,
  );
  ctx.use(reconnecting);
  const hints: [unknown, string][] = [
    [new Blob(["a"]), "found a Blob or File; send its 'stream()'"],
    [new File(["a"], "a.txt"), "found a Blob or File; send its 'stream()'"],
    [[1, 2].values(), "found a synchronous iterator; send a list"],
    [(function* () {})(), "or an async iterator such as an async generator"],
    [client, "found a client; pass its 'remote'"],
    [{ to: reconnecting }, "found a client; pass its 'remote'"],
  ];
  for (const [value, hint] of hints) {
    await assertRejects(
      () => client.remote.echo(value),
      SerializationError,
      hint,
    );
  }
});

withCtx({
  name: "an object that is async iterable is a stream",
  codecs,
}, async (ctx) => {
  const few = () => ({
    async *[Symbol.asyncIterator]() {
      yield* [1, 2, 3];
    },
  });
  const numbers = service({
    few,
    within: () => ({ few: few() }),
    join: async (them: AsyncIterable<number>) =>
      (await Array.fromAsync(them)).join(" "),
  });
  const { remote } = await ctx.rpc.startServerAndConnect(numbers);
  assertEquals(await Array.fromAsync(await remote.few()), [1, 2, 3]);
  const { few: inner } = await remote.within();
  assertEquals(await Array.fromAsync(inner), [1, 2, 3]);
  assertEquals(await remote.join(few()), "1 2 3");
});

withCtx({ name: "web streams arrive as web streams", codecs }, async (ctx) => {
  const written: unknown[] = [];
  let closed = 0;
  const files = service({
    read: () => ReadableStream.from([Uint8Array.of(1), Uint8Array.of(2, 3)]),
    size: async (file: ReadableStream<Uint8Array<ArrayBuffer>>) =>
      (await new Response(file).bytes()).length,
    async copy(from: ReadableStream, to: WritableStream) {
      await from.pipeTo(to);
      return closed;
    },
    async break(to: WritableStream) {
      const writer = to.getWriter();
      await writer.write(1);
      await writer.abort(new Error("no more"));
    },
    forget: (_to: WritableStream) => {},
  });
  const client = await ctx.rpc.startServerAndConnect(files);
  const { remote } = client;
  const sink = () =>
    new WritableStream({
      write: (chunk) => void written.push(chunk),
      close: () => void closed++,
    });
  assertEquals(
    await new Response(await remote.read() as never).bytes(),
    Uint8Array.of(1, 2, 3),
  );
  const bytes = () => [new Uint8Array(10), new Uint8Array(5)];
  assertEquals(await remote.size(ReadableStream.from(bytes())), 15);
  const many = Array.from({ length: 500 }, (_, n) => ({ n }));
  assertEquals(await remote.copy(ReadableStream.from(many), sink()), 1);
  assertEquals(written, many);
  await remote.forget(sink());
  const aborted = Promise.withResolvers<unknown>();
  await remote.break(new WritableStream({ abort: aborted.resolve }));
  assertInstanceOf(await aborted.promise, Error);
  assertEquals(client.stats().references, 0);
  assertEquals(client.stats().streams, 0);
});
