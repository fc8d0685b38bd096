import { assert, assertEquals, assertRejects } from "@std/assert";
import process from "node:process";
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { service } from "../../rpc/service/service.ts";
import { withCtx } from "../../testing/ctx.ts";
import {
  type CallEndMessage,
  type CallErrorMessage,
  type CallMessage,
  type ConnectionCloseMessage,
  type ConnectionMessage,
  diagnostics,
} from "./diagnostics.ts";

const adder = service({
  add: (a: number, b: number) => a + b,
  fail: () => {
    throw new RangeError("no");
  },
});

const { calls, requests, connections } = diagnostics();
const options = {
  middleware: {
    calls: [calls],
    requests: [requests],
    connections: [connections],
  },
};
const both = { server: options, client: options };

/** Subscribes to the channel, and records its messages. */
function listen<T>(
  name: string,
  messages: T[],
  hear = (_message: T) => {},
): Disposable {
  const onMessage = (message: unknown) => {
    messages.push(message as T);
    hear(message as T);
  };
  subscribe(`denomas:${name}`, onMessage);
  return {
    [Symbol.dispose]: () => void unsubscribe(`denomas:${name}`, onMessage),
  };
}

withCtx("diagnostics() publishes calls of both sides", async (ctx) => {
  const [starts, ends]: [CallMessage[], CallEndMessage[]] = [[], []];
  const errors: CallErrorMessage[] = [];
  using _starts = listen("call:start", starts);
  using _ends = listen("call:end", ends);
  using _errors = listen("call:error", errors);
  const { remote } = await ctx.rpc.startServerAndConnect(adder, both);
  await remote.add(1, 2);
  await assertRejects(() => remote.fail());
  assertEquals(
    starts.map(({ side, path }) => `${side} ${path}`),
    ["client add", "server add", "client fail", "server fail"],
  );
  const of = (messages: CallMessage[]) =>
    messages.map(({ id, side }) => `${id} ${side}`).toSorted();
  assertEquals(of(ends), of(starts.slice(0, 2)));
  assertEquals(of(errors), of(starts.slice(2)));
  assert(ends.every(({ durationMs }) => durationMs >= 0));
  assert(errors.every(({ error }) => error instanceof Error));
});

withCtx("diagnostics() publishes the end of a stream", async (ctx) => {
  const ends: CallEndMessage[] = [];
  const errors: CallErrorMessage[] = [];
  using _ends = listen("call:end", ends);
  using _errors = listen("call:error", errors);
  const counter = service({
    async *count(to: number, error?: string) {
      for (let i = 0; i < to; i++) yield i;
      if (error !== undefined) throw new RangeError(error);
    },
  });
  const { remote } = await ctx.rpc.startServerAndConnect(counter, both);
  const stream = await remote.count(3);
  assertEquals(ends, []);
  await Array.fromAsync(stream);
  assertEquals(ends.map(({ items }) => items), [3, 3]);
  const failing = await remote.count(2, "no more");
  await assertRejects(() => Array.fromAsync(failing));
  assertEquals(errors.map(({ items }) => items), [2, 2]);
  assertEquals(ends.length, 2);
});

withCtx("diagnostics() publishes connections of both sides", async (ctx) => {
  const opened: ConnectionMessage[] = [];
  const closed: ConnectionCloseMessage[] = [];
  const bothClosed = Promise.withResolvers<void>();
  using _opened = listen("connection:open", opened);
  using _closed = listen("connection:close", closed, () => {
    if (closed.length === 2) bothClosed.resolve();
  });
  const client = await ctx.rpc.startServerAndConnect(adder, both);
  await client.remote.add(1, 2);
  assertEquals(opened.length, 2);
  await client.close();
  await bothClosed.promise;
  assertEquals(
    closed.map(({ id }) => id).toSorted(),
    opened.map(({ id }) => id).toSorted(),
  );
  assertEquals(
    closed.map(({ reason }) => reason.by).toSorted(),
    ["local", "peer"],
  );
  assert(
    closed.every(({ durationMs, stats }) =>
      durationMs >= 0 && stats.framesIn > 0
    ),
  );
});

withCtx("diagnostics() makes no message that nobody hears", async (ctx) => {
  const starts: CallMessage[] = [];
  const { remote } = await ctx.rpc.startServerAndConnect(adder, both);
  await remote.add(1, 2);
  {
    using _starts = listen("call:start", starts);
    await remote.add(1, 2);
  }
  await remote.add(1, 2);
  assertEquals(starts.length, 2);
  assertEquals(starts[1]!.id, starts[0]!.id + 1);
});

withCtx("diagnostics() lets no subscriber break a call", async (ctx) => {
  const heard: unknown[] = [];
  const boom = () => {
    throw new Error("a subscriber broke");
  };
  const uncaught: unknown[] = [];
  const onUncaught = (error: unknown) => void uncaught.push(error);
  process.on("uncaughtException", onUncaught);
  using stack = new DisposableStack();
  stack.defer(() => void process.off("uncaughtException", onUncaught));
  using _open = listen("connection:open", heard, boom);
  using _close = listen("connection:close", heard, boom);
  using _start = listen("call:start", heard, boom);
  using _end = listen("call:end", heard, boom);
  using _error = listen("call:error", heard, boom);
  const client = await ctx.rpc.startServerAndConnect(adder, both);
  assertEquals(await client.remote.add(1, 2), 3);
  await assertRejects(() => client.remote.fail(), Error, "no");
  await client.close();
  await ctx.rpc.closeServer();
  await new Promise((resolve) => setImmediate(resolve));
  assertEquals([heard.length, uncaught.length], [12, 12]);
});
