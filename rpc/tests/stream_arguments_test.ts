// deno-lint-ignore-file no-import-prefix -- only this test needs the package
import { assert, assertEquals, assertRejects } from "@std/assert";
import { z } from "npm:zod@4.6.7";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { ValidationError } from "../errors.ts";
import { expose } from "../service/expose.ts";
import { method } from "../service/method.ts";
import { service } from "../service/service.ts";

const item = z.object({ n: z.string().transform(Number) });

const sums = service({
  add: method(
    { args: [z.number(), { items: item }], result: z.number() },
    async (first, items) => {
      let sum = first;
      for await (const { n } of items) sum += n;
      return sum;
    },
  ),
  first: method({ args: [{ items: item }] }, async (items) => {
    for await (const { n } of items) return n;
    return null;
  }),
  unread: method({ args: [{ items: item }] }, () => {}),
  running: method(
    { args: [{ items: item }], items: z.number() },
    async function* (items) {
      let sum = 0;
      for await (const { n } of items) yield sum += n;
    },
  ),
});

class Sums {
  @expose({ args: [{ items: item }] })
  async add(items: AsyncIterable<{ n: number }>): Promise<number> {
    let sum = 0;
    for await (const { n } of items) sum += n;
    return sum;
  }
}

/**
 * Returns a producer of `texts`, and a promise `ended` that resolves at its
 * end.
 */
function produce(...texts: unknown[]) {
  const ended = Promise.withResolvers<void>();
  async function* items() {
    try {
      for (const n of texts) yield { n } as { n: string };
      await Promise.resolve();
    } finally {
      ended.resolve();
    }
  }
  return { items: items(), ended: ended.promise };
}

withCtx({
  name: "items of a stream that is passed arrive as their schema returns them",
  codecs,
}, async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(sums);
  assertEquals(await remote.add(1, produce("2", "3").items), 6);
  const web = ReadableStream.from([{ n: "4" }, { n: "5" }]);
  assertEquals(await remote.add(1, web), 10);
  const { items, ended } = produce("7", "8");
  assertEquals(await remote.first(items), 7);
  await ended;
  const running = await remote.running(produce("1", "2", "3").items);
  assertEquals(await Array.fromAsync(running), [1, 3, 6]);
});

withCtx({
  name: "an item that does not fit fails the call, and ends the producer",
  codecs,
}, async (ctx) => {
  const reported: unknown[] = [];
  const { remote } = await ctx.rpc.startServerAndConnect(sums, {
    server: {
      maskErrors: true,
      onMethodError: (error) => void reported.push(error),
    },
  });
  const bad = produce("1", 2, "3");
  const error = await assertRejects(
    () => remote.add(1, bad.items),
    ValidationError,
    "an item of argument 2",
  );
  assertEquals(error.part, "argument");
  assertEquals(error.issues?.map(({ path }) => path), [["n"]]);
  await bad.ended;

  const other = produce("1", 2, "3");
  const running = await remote.running(other.items);
  assertEquals(await running.next(), { done: false, value: 1 });
  await assertRejects(() => running.next(), ValidationError, "an item of");
  await other.ended;
  // Nothing is reported, because the callers made the mistakes.
  assertEquals(reported, []);
});

withCtx(
  "a method that goes on after a bad item has ended its producer",
  async (ctx) => {
    const ended = Promise.withResolvers<void>();
    async function* endless() {
      try {
        for (;;) yield await Promise.resolve({ n: 1 });
      } finally {
        ended.resolve();
      }
    }
    const tolerant = service({
      take: method({ args: [{ items: item }] }, async (items) => {
        await assertRejects(async () => {
          for await (const _ of items);
        }, ValidationError);
        await ended.promise;
      }),
    });
    const { remote } = await ctx.rpc.startServerAndConnect(tolerant);
    await remote.take(endless() as AsyncIterable<never>);
  },
);

withCtx(
  "an argument with a schema of items must be a stream, and need not be read",
  async (ctx) => {
    const { remote } = await ctx.rpc.startServerAndConnect(sums);
    for (const none of [undefined, null, 1, [1], {}, () => {}]) {
      await assertRejects(
        () => remote.add(1, none as never),
        ValidationError,
        "argument 2 is no stream",
      );
    }
    const left = produce("1");
    await remote.unread(left.items);
    assert(await left.items.next().then(({ done }) => done));
  },
);

withCtx("methods of classes check streams that are passed", async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(new Sums());
  const items = produce("1", "2").items as AsyncIterable<unknown>;
  assertEquals(await remote.add(items as AsyncIterable<{ n: number }>), 3);
  const bad = produce(1).items as AsyncIterable<unknown>;
  await assertRejects(
    () => remote.add(bad as AsyncIterable<{ n: number }>),
    ValidationError,
  );
});
