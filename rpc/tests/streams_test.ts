import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { codecs } from "../../channel/fixtures/codecs.ts";
import { ConnectionClosedError, RemoteError } from "../../channel/errors.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { call } from "../call.ts";
import type { RpcClient } from "../rpc_client.ts";
import { WatchedSignal } from "../../channel/fixtures/watched_signal.ts";
import { keep, withOptions } from "../options.ts";
import { service } from "../service/service.ts";

/** Creates a service of streams, and a record of what happened to them. */
function producer() {
  const seen = {
    produced: 0,
    finished: Promise.withResolvers<void>(),
    reason: Promise.withResolvers<unknown>(),
  };
  async function* count(end: number) {
    const { signal } = call();
    signal.addEventListener("abort", () => seen.reason.resolve(signal.reason));
    try {
      for (let i = 0; i < end; i++) {
        seen.produced++;
        yield i;
      }
    } finally {
      seen.finished.resolve();
    }
  }
  const served = service({
    count,
    forever: () => count(Infinity),
    async *texts() {
      for (;;) {
        seen.produced++;
        yield await Promise.resolve("x".repeat(400_000));
      }
    },
    async *failing() {
      yield 1;
      yield 2;
      throw await Promise.resolve(new RangeError("no more"));
    },
    async *unsendable() {
      try {
        yield { good: 1 };
        yield { good: 2 };
        yield { good: 3 };
        yield { bad: Symbol() };
        yield { good: 4 };
      } finally {
        seen.finished.resolve();
      }
    },
    async *until() {
      const { signal } = call();
      try {
        yield 1;
        await new Promise((_, reject) =>
          signal.addEventListener("abort", () => reject(signal.reason))
        );
      } finally {
        seen.finished.resolve();
      }
    },
    both: () => ({ first: count(100), bad: Symbol() }),
    async sum(numbers: AsyncIterable<number>) {
      let sum = 0;
      for await (const number of numbers) sum += number;
      return sum;
    },
    async first(numbers: AsyncIterable<number>): Promise<number | undefined> {
      for await (const number of numbers) return number;
      return undefined;
    },
    ignore: (_numbers: AsyncIterable<number>) => "ignored",
    wait: () => new Promise<void>(() => {}),
  });
  return { served, seen };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Waits until `isSo` returns true; the step's time limit applies. */
async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await turn();
}

withCtx({
  name: "a stream hands out all items in order, and leaves nothing",
  codecs,
}, async (ctx) => {
  const { served, seen } = producer();
  const server = await ctx.rpc.startServer(served);
  const { remote } = await ctx.rpc.connect<typeof served>();
  const items = await Array.fromAsync(await remote.count(500));
  assertEquals(items, Array.from({ length: 500 }, (_, i) => i));
  await seen.finished.promise;
  assertEquals((await seen.reason.promise as Error).name, "AbortError");
  const [side] = server.clients as Set<RpcClient>;
  const { streams, runningCalls } = side!.stats();
  assertEquals([streams, runningCalls], [0, 0]);
});

withCtx({
  name: "a stream that is left ends its producer and aborts its signal",
  codecs,
}, async (ctx) => {
  const { served, seen } = producer();
  const server = await ctx.rpc.startServer(served);
  const { remote } = await ctx.rpc.connect<typeof served>();
  for await (const item of await remote.forever()) {
    if (item === 100) break;
  }
  await seen.finished.promise;
  const [side] = server.clients as Set<RpcClient>;
  assertEquals([side!.stats().streams, side!.stats().runningCalls], [0, 0]);
});

withCtx(
  { name: "a stream whose loop throws ends its producer", codecs },
  async (ctx) => {
    const { served, seen } = producer();
    const { remote } = await ctx.rpc.startServerAndConnect(served);
    const stream = await remote.until();
    await assertRejects(async () => {
      for await (const _ of stream) throw new RangeError("in the loop");
    }, RangeError);
    await seen.finished.promise;
  },
);

withCtx({
  name: "a stream ends its producer when the connection is lost",
  codecs,
}, async (ctx) => {
  const { served, seen } = producer();
  const server = await ctx.rpc.startServer(served);
  const client = await ctx.rpc.connect<typeof served>();
  const stream = await client.remote.forever();
  assertEquals((await stream.next()).value, 0);
  const [side] = server.clients as Set<RpcClient>;
  await client.close({ graceMs: 0 });
  await seen.finished.promise;
  assert(await seen.reason.promise instanceof Error);
  await side!.closed;
  assertEquals([side!.stats().streams, side!.stats().runningCalls], [0, 0]);
  await assertRejects(() => Array.fromAsync(stream), ConnectionClosedError);
});

withCtx(
  { name: "a stream's error comes after the items before it", codecs },
  async (ctx) => {
    const { served } = producer();
    const { remote } = await ctx.rpc.startServerAndConnect(served);
    const items: number[] = [];
    const error = await assertRejects(async () => {
      for await (const item of await remote.failing()) items.push(item);
    }, RemoteError);
    assertEquals([items, error.remoteName], [[1, 2], "RangeError"]);
  },
);

withCtx({
  name: "a stream hands out the items before one that cannot be sent",
  codecs,
}, async (ctx) => {
  const { served, seen } = producer();
  const server = await ctx.rpc.startServer(served);
  const { remote } = await ctx.rpc.connect<typeof served>();
  const items: unknown[] = [];
  const error = await assertRejects(async () => {
    for await (const item of await remote.unsendable()) items.push(item);
  }, RemoteError);
  assertEquals(items, [{ good: 1 }, { good: 2 }, { good: 3 }]);
  assertEquals(
    [error.remoteName, error.code],
    ["SerializationError", "not_serializable"],
  );
  assertStringIncludes(error.message, ".bad");
  await seen.finished.promise;
  const [side] = server.clients as Set<RpcClient>;
  assertEquals([side!.stats().streams, side!.stats().runningCalls], [0, 0]);
});

withCtx({
  name: "a stream's items before a bad one keep what they pass, once",
  codecs,
}, async (ctx) => {
  async function* count(end: number) {
    for (let i = 0; i < end; i++) yield await Promise.resolve(i);
  }
  let ended = 0;
  class Last {
    [Symbol.asyncIterator]() {
      const end = { done: true as const, value: undefined };
      return {
        next: () => Promise.resolve(end),
        return: () => Promise.resolve(end).finally(() => ended++),
      };
    }
  }
  const served = service({
    async *parts() {
      yield { add: (a: number) => a + 1 };
      yield { numbers: count(3) };
      yield { add: () => 0, last: new Last(), bad: Symbol() };
    },
  });
  type Part = {
    add?: (a: number) => number | Promise<number>;
    numbers?: AsyncIterable<number>;
  };
  const server = await ctx.rpc.startServer(served);
  const { remote } = await ctx.rpc.connect<{ parts(): AsyncIterable<Part> }>();
  const parts: Part[] = [];
  await assertRejects(async () => {
    for await (const part of await remote.parts()) parts.push(part);
  }, RemoteError);
  const [side] = server.clients as Set<RpcClient>;
  assertEquals([side!.stats().references, side!.stats().streams], [1, 1]);
  using add = keep(parts[0]!.add!);
  assertEquals(await add(1), 2);
  assertEquals(await Array.fromAsync(parts[1]!.numbers!), [0, 1, 2]);
  assertEquals([parts.length, ended], [2, 1]);
});

withCtx({
  name: "a stream splits what is too large for one frame",
  codecs,
}, async (ctx) => {
  const served = service({
    async *texts() {
      for (let i = 0; i < 20; i++) yield String(i).padEnd(500);
      yield "x".repeat(3_000);
    },
  });
  await ctx.rpc.startServer(served, {
    limits: { frames: { maxBytes: 2_000 } },
  });
  const { remote } = await ctx.rpc.connect<typeof served>();
  const numbers: number[] = [];
  const error = await assertRejects(async () => {
    for await (const text of await remote.texts()) numbers.push(Number(text));
  }, RemoteError);
  assertEquals(numbers, Array.from({ length: 20 }, (_, i) => i));
  assertEquals(error.remoteName, "FrameTooLargeError");
});

withCtx(
  {
    name: "a stream has no more items under way than either side allows",
    codecs,
  },
  async (ctx) => {
    const { served, seen } = producer();
    const [few, many] = [100, 1_000].map((items) => ({
      streamWindow: { items, bytes: 2 ** 20 },
    }));
    await ctx.rpc.startServer(served, many);
    const { remote } = await ctx.rpc.connect<typeof served>(few);
    await using stream = await remote.forever();
    let consumed = 0;
    for await (const _ of stream) {
      assert(seen.produced - consumed <= 100, String(seen.produced));
      if (++consumed === 1_000) break;
      if (consumed % 50 === 0) await turn();
    }
  },
);

withCtx(
  { name: "a stream goes on behind an item that fills its window", codecs },
  async (ctx) => {
    const sizes = [1, 600_000, 600_000, 1, 1, 1_200_000, 1, 1_200_000];
    const served = service({
      async *texts() {
        for (const size of sizes) yield "x".repeat(size);
      },
    });
    const { remote } = await ctx.rpc.startServerAndConnect(served);
    const seen: number[] = [];
    for await (const { length } of await remote.texts()) seen.push(length);
    assertEquals(seen, sizes);
  },
);

withCtx({
  name: "a stream has no more than 1 MiB and one item under way",
  codecs,
}, async (ctx) => {
  const { served, seen } = producer();
  const { remote } = await ctx.rpc.startServerAndConnect(served);
  await using stream = await remote.texts();
  for (let consumed = 0; consumed < 10; consumed++) {
    await stream.next();
    assert(seen.produced - consumed <= 3, String(seen.produced));
  }
});

withCtx(
  { name: "streamWindow bounds what is under way", codecs },
  async (ctx) => {
    const { served, seen } = producer();
    const { remote } = await ctx.rpc.startServerAndConnect(served, {
      server: { streamWindow: { items: 4, bytes: 1_000 } },
    });
    await using stream = await remote.forever();
    for (let consumed = 0; consumed < 50; consumed++) {
      await stream.next();
      assert(seen.produced - consumed <= 4, String(seen.produced));
    }
  },
);

withCtx({
  name: "a stream may be passed as an argument, in the first call, too",
  codecs,
}, async (ctx) => {
  const { served } = producer();
  const client = await ctx.rpc.startServerAndConnect(served);
  let finished = 0;
  async function* numbers() {
    try {
      for (let i = 1; i <= 200; i++) yield await Promise.resolve(i);
    } finally {
      finished++;
    }
  }
  assertEquals(await client.remote.sum(numbers()), 20_100);
  assertEquals(await client.remote.first(numbers()), 1);
  await until(() => finished === 2);
  assertEquals(await client.remote.ignore(numbers()), "ignored");
  await until(() => client.stats().streams === 0);
});

withCtx(
  { name: "a stream that could not be sent is not kept", codecs },
  async (ctx) => {
    const { served } = producer();
    const server = await ctx.rpc.startServer(served);
    const client = await ctx.rpc.connect<typeof served>();
    await assertRejects(() => client.remote.both());
    const [side] = server.clients as Set<RpcClient>;
    await until(() => side!.stats().streams === 0);
    assertEquals(side!.stats().runningCalls, 0);
  },
);

withCtx({ name: "two streams at once do not mix", codecs }, async (ctx) => {
  const { served } = producer();
  const { remote } = await ctx.rpc.startServerAndConnect(served);
  const all = Array.from({ length: 300 }, (_, i) => i);
  const streams = await Promise.all([remote.count(300), remote.count(300)]);
  const [one, other] = await Promise.all(
    streams.map((stream) => Array.fromAsync(stream)),
  );
  assertEquals([one, other], [all, all]);
});

withCtx({
  name: "a stream ends with the signal of the call that returned it",
  codecs,
}, async (ctx) => {
  const { served, seen } = producer();
  const server = await ctx.rpc.startServer(served);
  const client = await ctx.rpc.connect<typeof served>();
  const watched = new WatchedSignal();
  const { signal } = watched;
  const stream = await withOptions(client.remote, { signal }).until();
  assertEquals((await stream.next()).value, 1);
  const pending = assertRejects(() => stream.next());
  const reason = new RangeError("enough");
  watched.abort(reason);
  assertStrictEquals(await pending, reason);
  assertStrictEquals(await assertRejects(() => stream.next()), reason);
  await seen.finished.promise;
  await stream[Symbol.asyncDispose]();
  const [side] = server.clients as Set<RpcClient>;
  assertEquals([side!.stats().streams, side!.stats().runningCalls], [0, 0]);
  assertEquals([watched.listening, client.stats().pendingCalls], [0, 0]);
});

withCtx({
  name: "a stream within a result, or an item, ends with the call's signal",
  codecs,
}, async (ctx) => {
  let finished = 0;
  async function* forever() {
    try {
      for (let i = 0;; i++) yield await Promise.resolve(i);
    } finally {
      finished++;
    }
  }
  const served = service({
    wrapped: () => ({ deep: [forever()] }),
    async *nested() {
      yield await Promise.resolve({ inner: forever() });
    },
  });
  const server = await ctx.rpc.startServer(served);
  const { remote } = await ctx.rpc.connect<typeof served>();
  const [side] = server.clients as Set<RpcClient>;
  for (const where of ["result", "item"]) {
    const watched = new WatchedSignal();
    const { signal } = watched;
    const bound = withOptions(remote, { signal });
    const stream = where === "result"
      ? (await bound.wrapped()).deep[0]!
      : (await (await bound.nested()).next()).value!.inner;
    for (let i = 0; i < 100; i++) assertEquals((await stream.next()).value, i);
    const reason = new RangeError("enough");
    watched.abort(reason);
    assertStrictEquals(await assertRejects(() => stream.next()), reason);
    await until(() => side!.stats().streams === 0 && finished > 0);
    assertEquals([watched.listening, finished], [0, 1]);
    finished = 0;
  }
});

withCtx({
  name: "a stream that has ended leaves nothing at its call's signal",
  codecs,
}, async (ctx) => {
  const { served } = producer();
  await ctx.rpc.startServer(served);
  const client = await ctx.rpc.connect<typeof served>();
  const watched = new WatchedSignal();
  const { signal } = watched;
  const remote = withOptions(client.remote, { signal });
  assertEquals(await Array.fromAsync(await remote.count(3)), [0, 1, 2]);
  assertEquals(watched.listening, 0);
  await assertRejects(async () => {
    await Array.fromAsync(await remote.failing());
  }, RemoteError);
  assertEquals(watched.listening, 0);
  for await (const _ of await remote.forever()) break;
  assertEquals(watched.listening, 0);

  const lost = await remote.forever();
  assertEquals(watched.listening, 1);
  await client.close({ graceMs: 0 });
  assertEquals(watched.listening, 0);
  watched.abort();
  await assertRejects(() => lost.next(), ConnectionClosedError);
});

withCtx({
  name: "a stream that is passed on ends with the signal of the first call",
  codecs,
}, async (ctx) => {
  const { served, seen } = producer();
  const inner = await ctx.rpc.startServerAndConnect(served);
  const outer = service({ pass: () => inner.remote });
  const { remote } = await ctx.rpc.startServerAndConnect(outer);
  using passed = await remote.pass();
  const watched = new WatchedSignal();
  const { signal } = watched;
  const stream = await withOptions(passed, { signal }).forever();
  assertEquals((await stream.next()).value, 0);
  watched.abort(new RangeError("enough"));
  await assertRejects(() => stream.next(), RangeError);
  await seen.finished.promise;
  assertEquals(watched.listening, 0);
});

withCtx(
  { name: "a deadline of the call does not end its stream", codecs },
  async (ctx) => {
    const { served } = producer();
    const { remote } = await ctx.rpc.startServerAndConnect(served);
    await remote.ignore(async function* () {}());
    const stream = await withOptions(remote, { timeoutMs: 60_000 }).until();
    // A timer for the deadline would be a leak.
    assertEquals((await stream.next()).value, 1);
    await stream[Symbol.asyncDispose]();
  },
);
