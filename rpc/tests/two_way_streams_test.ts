import { assertEquals, assertRejects } from "@std/assert";
import { until } from "../../agent/fixtures/until.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { RemoteError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { call } from "../call.ts";
import { service } from "../service/service.ts";

async function* numbers(count: number) {
  for (let n = 1; n <= count; n++) yield await Promise.resolve(n);
}

class Unreadable {}

const serializers = [{
  type: Unreadable,
  serialize: () => null,
  deserialize: (): Unreadable => {
    throw new TypeError("Cannot read it");
  },
}];

type Ask = (n: number) => number | Promise<number>;

function echoes() {
  const seen = { asked: Promise.withResolvers<number>() };
  let passed: Ask = () => 0;
  const served = service({
    async *double(values: AsyncIterable<number>) {
      for await (const value of values) yield 2 * value;
    },
    triple: (values: AsyncIterable<number>) =>
      (async function* () {
        for await (const value of values) yield 3 * value;
      })(),
    async *asked(ask: Ask) {
      passed = ask;
      const { signal } = call();
      try {
        for (let n = 1; !signal.aborted; n++) yield await ask(n);
      } finally {
        seen.asked.resolve(await ask(0));
      }
    },
    nested: (ask: Ask) => ({
      streams: [1, 2].map((n) =>
        (async function* () {
          yield await ask(n);
        })()
      ),
    }),
    async once(ask: Ask) {
      passed = ask;
      return await ask(1);
    },
    later: async () => await passed(1),
  });
  return { served, seen };
}

withCtx({
  name: "a method may answer a stream by a stream",
  codecs,
}, async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(echoes().served);
  assertEquals(
    await Array.fromAsync(await remote.double(numbers(300))),
    Array.from({ length: 300 }, (_, i) => 2 * (i + 1)),
  );
  assertEquals(await Array.fromAsync(await remote.triple(numbers(3))), [
    3,
    6,
    9,
  ]);
});

withCtx({
  name: "a generator may use what it was passed until its stream has ended",
  codecs,
}, async (ctx) => {
  const { served, seen } = echoes();
  const client = await ctx.rpc.startServerAndConnect(served);
  const { remote } = client;
  const got: number[] = [];
  for await (const value of await remote.asked((n) => 10 * n)) {
    got.push(value);
    if (value === 700) break;
  }
  assertEquals(got, Array.from({ length: 70 }, (_, i) => 10 * (i + 1)));
  // The producer's `finally` used the callback, too; then it was released.
  assertEquals(await seen.asked.promise, 0);
  await until(() => client.stats().references === 0);
  const error = await assertRejects(() => remote.later(), RemoteError);
  assertEquals(error.remoteName, "ReferenceReleasedError");
});

withCtx(
  "what was passed lives until a producer that waits has ended",
  async (ctx) => {
    const { network } = ctx;
    const { served, seen } = echoes();
    const client = await ctx.rpc.startServerAndConnect(served);
    network.delay({ delayMs: 5 });
    const answer = Promise.withResolvers<number>();
    const stream = await client.remote.asked((n) => n < 3 ? n : answer.promise);
    for await (const value of stream) {
      if (value === 2) break;
    }
    // The producer waits for this; the loop above does not wait for the
    // producer.
    answer.resolve(30);
    assertEquals(await seen.asked.promise, 0);
    await until(() => client.stats().references === 0);
  },
);

withCtx(
  "what was passed lives until a producer whose items cannot be read has ended",
  async (ctx) => {
    const { network } = ctx;
    const answer = Promise.withResolvers<number>();
    const seen = Promise.withResolvers<number>();
    const served = service({
      async *odd(ask: Ask) {
        try {
          yield new Unreadable();
          await ask(1);
        } finally {
          seen.resolve(await ask(2));
        }
      },
    });
    const client = await ctx.rpc.startServerAndConnect(served, {
      server: { serializers },
      client: { serializers },
    });
    network.delay({ delayMs: 5 });
    const stream = await client.remote.odd((n) => n < 2 ? answer.promise : n);
    await assertRejects(() => Array.fromAsync(stream));
    answer.resolve(1);
    assertEquals(await seen.promise, 2);
    await until(() => client.stats().references === 0);
  },
);

withCtx(
  "what was passed lives until all streams in the result have ended",
  async (ctx) => {
    const client = await ctx.rpc.startServerAndConnect(echoes().served);
    const { streams } = await client.remote.nested((n) => n + 1);
    assertEquals(await Array.fromAsync(streams[0]!), [2]);
    assertEquals(client.stats().references, 1);
    assertEquals(await Array.fromAsync(streams[1]!), [3]);
    await client.remote.once((n) => n);
    assertEquals(client.stats().references, 0);
    const left = await client.remote.asked((n) => n);
    await left.return!();
    await client.remote.once((n) => n);
    await until(() => client.stats().references === 0);
  },
);

withCtx("a stream may be taken and continued with for await", async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(
    service({ numbers: () => numbers(5) }),
  );
  const stream = await remote.numbers();
  assertEquals((await stream.next()).value, 1);
  assertEquals(await Array.fromAsync(stream), [2, 3, 4, 5]);
  assertEquals(await Array.fromAsync(stream), []);
});
