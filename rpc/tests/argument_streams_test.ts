import { assertEquals, assertRejects } from "@std/assert";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { nextTurn } from "../../testing/fixtures/next_turn.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { call } from "../call.ts";
import { withOptions } from "../options.ts";
import { service } from "../service/service.ts";

type Numbers = AsyncIterable<number>;

/** Reads the first items of a stream, without calling `return`. */
async function first(numbers: Numbers, count: number): Promise<number[]> {
  const iterator = numbers[Symbol.asyncIterator]();
  const read: number[] = [];
  while (read.length < count) read.push((await iterator.next()).value!);
  return read;
}

/** Resolves when `isTrue` returns true. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await nextTurn();
}

function readers() {
  const background: Promise<unknown>[] = [];
  const waiting = Promise.withResolvers<void>();
  const served = service({
    async breaks(numbers: Numbers) {
      for await (const number of numbers) if (number === 2) break;
      return await Promise.resolve("broke out");
    },
    returns: (numbers: Numbers) => first(numbers, 2),
    ignores: (_numbers: Numbers) => "read nothing",
    async throws(numbers: Numbers) {
      await first(numbers, 1);
      throw new RangeError("no more");
    },
    async waits(numbers: Numbers) {
      const { signal } = call();
      await first(numbers, 1);
      waiting.resolve();
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    },
    async *streams(numbers: Numbers) {
      yield* await first(numbers, 3);
    },
    async goesOn(numbers: Numbers) {
      const iterator = numbers[Symbol.asyncIterator]();
      const { value } = await iterator.next();
      background.push(
        (async () => {
          for (;;) if ((await iterator.next()).done) return "an end";
        })().catch((error) => error.name),
      );
      return value;
    },
  });
  return { served, background, waiting };
}

/**
 * Returns an endless generator, and a promise that resolves when its `finally`
 * has run.
 */
function generator() {
  const ended = Promise.withResolvers<string>();
  async function* numbers() {
    try {
      for (let n = 1;; n++) yield await Promise.resolve(n);
    } finally {
      ended.resolve("ended");
    }
  }
  return { numbers: numbers(), ended: ended.promise };
}

/**
 * The same with an object that is not a generator, and always sees `return`.
 */
function iterable() {
  const ended = Promise.withResolvers<string>();
  let n = 0;
  const numbers: AsyncIterableIterator<number> = {
    [Symbol.asyncIterator]: () => numbers,
    next: () => Promise.resolve({ done: false, value: ++n }),
    return: () => {
      ended.resolve("ended");
      return Promise.resolve({ done: true, value: undefined });
    },
  };
  return { numbers, ended: ended.promise };
}

/** The same with a `ReadableStream`. */
function readable() {
  const ended = Promise.withResolvers<string>();
  let n = 0;
  const numbers = new ReadableStream<number>({
    pull: (controller) => controller.enqueue(++n),
    cancel: () => ended.resolve("ended"),
  });
  return { numbers, ended: ended.promise };
}

/** Returns a `ReadableStream` with some items that then never continues. */
function stuck(...items: readonly number[]) {
  const ended = Promise.withResolvers<string>();
  const numbers = new ReadableStream<number>({
    start(controller) {
      for (const n of items) controller.enqueue(n);
    },
    cancel: () => ended.resolve("ended"),
  });
  return { numbers, ended: ended.promise };
}

const PRODUCERS = {
  generator,
  iterable,
  readable,
  stuck: () => stuck(1, 2),
};

for (const [name, make] of Object.entries(PRODUCERS)) {
  withCtx({
    name: `an argument stream hears that its reader has left: ${name}`,
    codecs,
  }, async (ctx) => {
    const { served } = readers();
    const client = await ctx.rpc.startServerAndConnect(served);
    const broken = make();
    assertEquals(await client.remote.breaks(broken.numbers), "broke out");
    assertEquals(await broken.ended, "ended");
    const returned = make();
    assertEquals(await client.remote.returns(returned.numbers), [1, 2]);
    assertEquals(await returned.ended, "ended");
    const thrown = make();
    await assertRejects(() => client.remote.throws(thrown.numbers));
    assertEquals(await thrown.ended, "ended");
    const ignored = make();
    assertEquals(await client.remote.ignores(ignored.numbers), "read nothing");
    // As without RPC, a generator that was not started runs no code.
    if (name !== "generator") assertEquals(await ignored.ended, "ended");
    assertEquals(client.stats().streams, 0);
  });
}

withCtx(
  "an argument stream holds nothing once its call has ended",
  async (ctx) => {
    const { served } = readers();
    const server = await ctx.rpc.startServer(served);
    const { remote } = await ctx.rpc.connect<typeof served>();
    const [side] = server.clients;
    for (let n = 0; n < 10; n++) {
      await remote.returns(generator().numbers);
      await assertRejects(() => remote.throws(generator().numbers));
      await remote.ignores(generator().numbers);
      await remote.breaks(generator().numbers);
    }
    await until(() => side!.stats().pendingCalls === 0);
    assertEquals(side!.stats().heldBytes, 0);
  },
);

withCtx(
  "an argument stream ends when its call is given up",
  async (ctx) => {
    const { served, waiting } = readers();
    const client = await ctx.rpc.startServerAndConnect(served);
    const { numbers, ended } = generator();
    const controller = new AbortController();
    const { signal } = controller;
    const call = withOptions(client.remote, { signal }).waits(numbers);
    await waiting.promise;
    controller.abort(new DOMException("enough", "AbortError"));
    await assertRejects(() => call, DOMException, "enough");
    assertEquals(await ended, "ended");
    assertEquals(client.stats().streams, 0);
  },
);

withCtx(
  "an argument stream lives until the streams in the result have ended",
  async (ctx) => {
    const { served } = readers();
    const client = await ctx.rpc.startServerAndConnect(served);
    const { numbers, ended } = generator();
    const stream = await client.remote.streams(numbers);
    assertEquals(client.stats().streams, 1);
    assertEquals(await Array.fromAsync(stream), [1, 2, 3]);
    assertEquals(await ended, "ended");
    assertEquals(client.stats().streams, 0);
  },
);

withCtx(
  "an argument stream fails, and does not end, for who reads on after the call",
  async (ctx) => {
    const { served, background } = readers();
    const { remote } = await ctx.rpc.startServerAndConnect(served);
    // The second stream is waiting for an item when its call ends.
    for (const make of [generator, () => stuck(1)]) {
      const { numbers, ended } = make();
      assertEquals(await remote.goesOn(numbers), 1);
      assertEquals(await ended, "ended");
    }
    assertEquals(await Promise.all(background), [
      "ReferenceReleasedError",
      "ReferenceReleasedError",
    ]);
  },
);
