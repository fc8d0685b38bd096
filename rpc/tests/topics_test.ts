import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import {
  ConnectionClosedError,
  ServerBusyError,
} from "../../channel/errors.ts";
import { codecs } from "../../channel/fixtures/codecs.ts";
import type { Ctx } from "../../testing/ctx_contract.ts";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { call } from "../call.ts";
import { startServer } from "../deno.ts";
import { openReconnecting } from "../reconnect/deno.ts";
import { resumable } from "../topics/resumable.ts";
import { Topic, type TopicEntry } from "../topics/topic.ts";
import { MissedItemsError } from "../errors.ts";
import { method } from "../service/method.ts";
import { service } from "../service/service.ts";

/** A schema that accepts any entry. */
const anything = {
  "~standard": {
    version: 1,
    vendor: "test",
    validate: (value: unknown) => ({ value: value as TopicEntry<string> }),
  },
} as const;

function newsroom(topic: Topic<string>) {
  return service({
    news: (who: string) => topic.subscribe({ as: who, last: 1 }),
    entries: (after?: number) =>
      topic.entries(after === undefined ? { last: 100 } : { after }),
    publish: (text: string) => topic.publish(text),
  });
}

type Newsroom = ReturnType<typeof newsroom>;

withCtx(
  "Topic reaches many clients, and forgets those that leave",
  async (ctx) => {
    for (const codec of codecs) {
      using topic = new Topic<string>();
      await ctx.rpc.startServer(newsroom(topic), { codec });
      const clients = [];
      for (let i = 0; i < 3; i++) {
        clients.push(await ctx.rpc.connect<Newsroom>({ codec }));
      }
      const streams = [];
      for (const [i, { remote }] of clients.entries()) {
        streams.push(await remote.news(`client ${i}`));
      }
      assertEquals(topic.subscribers.length, 3);
      await clients[0]!.remote.publish("hello");
      for (const stream of streams) {
        assertEquals(await stream.next(), { done: false, value: "hello" });
      }
      await streams[0]!.return!();
      assertEquals(topic.subscribers, ["client 1", "client 2"]);
      const changes = topic.presence.subscribe();
      const change = changes.next();
      await clients[1]!.close();
      assertEquals((await change).value, { as: "client 1", isPresent: false });
      assertEquals(topic.subscribers, ["client 2"]);
      await streams[2]!.return!();
      assertEquals(topic.subscribers, []);
    }
  },
);

withCtx(
  "Topic ends a slow client with an error that it can recognize",
  async (ctx) => {
    using topic = new Topic<string>({ keep: 2 });
    const { remote } = await ctx.rpc.startServerAndConnect(newsroom(topic));
    const first = await topic.publish("a");
    for (const text of ["b", "c", "d"]) topic.publish(text);
    const stream = await remote.entries(first);
    await assertRejects(() => stream.next(), MissedItemsError);
  },
);

async function reconnecting(ctx: Ctx, topic: Topic<string>) {
  const server = await ctx.rpc.startServer(newsroom(topic));
  const client = await openReconnecting<Newsroom>(server.address, {
    ...ctx.options,
    backoff: { initialMs: 1, maxMs: 5 },
  });
  return { server, client: ctx.use(client) };
}

withCtx(
  "resumable() misses nothing while its connection is lost",
  async (ctx) => {
    using topic = new Topic<string>();
    const { server, client } = await reconnecting(ctx, topic);
    topic.publish("0");
    const read: string[] = [];
    const { remote } = client;
    for await (
      const { value } of resumable((it) => remote.entries(it))
    ) {
      read.push(value);
      if (read.length === 10) break;
      if (read.length % 3 === 0) {
        for (const { channel } of server.clients) await channel.close();
      }
      topic.publish(String(read.length));
    }
    assertEquals(read, Array.from({ length: 10 }, (_, i) => String(i)));
    assert(client.stats().connections > 3);
  },
);

/** Returns methods, one of which ends its stream when the server is closing. */
function closingNewsroom(topic: Topic<string>) {
  async function* wrapped(stream: AsyncIterable<TopicEntry<string>>) {
    const { closing } = call();
    const items = stream[Symbol.asyncIterator]();
    closing.addEventListener("abort", () => void items.return!());
    yield* { [Symbol.asyncIterator]: () => items };
  }
  const from = (after?: number) =>
    topic.entries(after === undefined ? { last: 100 } : { after });
  return service({
    entries: from,
    wrapped: (after?: number) => wrapped(from(after)),
    checked: method({ items: anything }, (after?: number) => from(after)),
  });
}

type ClosingNewsroom = ReturnType<typeof closingNewsroom>;

const METHODS = ["entries", "wrapped", "checked"] as const;

withCtx(
  "Topic holds no connection that is closing with some grace",
  async (ctx) => {
    for (const name of METHODS) {
      const topic = new Topic<string>();
      const { remote } = await ctx.rpc.startServerAndConnect(
        closingNewsroom(topic),
      );
      const waiting = await remote[name]();
      // A generator that was not started cannot end itself.
      const unread = await remote[name === "wrapped" ? "entries" : name]();
      topic.publish("a");
      assertEquals((await waiting.next()).value!.value, "a");
      const ends = waiting.next().then(({ done }) => done, (error) => error);
      const start = performance.now();
      await ctx.rpc.closeServer({ graceMs: 60_000 });
      assert(performance.now() - start < 30_000);
      assertEquals(topic.subscribers, []);
      // Only a stream that ended itself reaches its normal end.
      if (name === "wrapped") assertEquals(await ends, true);
      else assertInstanceOf(await ends, ServerBusyError);
      await assertRejects(() => unread.next());
    }
  },
);

withCtx(
  "resumable() goes on where a server was closed with some grace",
  async (ctx) => {
    for (const name of METHODS) {
      const topic = new Topic<string>();
      const served = closingNewsroom(topic);
      let server = await startServer(ctx.address, served, ctx.options);
      const client = ctx.use(
        await openReconnecting<ClosingNewsroom>(server.address, {
          ...ctx.options,
          backoff: { initialMs: 1, maxMs: 5 },
        }),
      );
      const news = resumable<TopicEntry<string>>((after) =>
        client.remote[name](after)
      );
      for (let n = 0; n < 3; n++) {
        topic.publish(`${n}`);
        assertEquals((await news.next()).value!.value, `${n}`);
        const next = news.next();
        await server.close({ graceMs: 60_000 });
        server = ctx.use(
          await startServer(server.address, served, ctx.options),
        );
        topic.publish("between");
        assertEquals((await next).value!.value, "between");
      }
      await news.return(undefined);
    }
  },
);

withCtx(
  "resumable() tells that a server is closing where there is no other",
  async (ctx) => {
    const topic = new Topic<string>();
    const { remote } = await ctx.rpc.startServerAndConnect(
      closingNewsroom(topic),
    );
    const news = resumable((after?: number) => remote.entries(after));
    topic.publish("only");
    await news.next();
    const next = assertRejects(() => news.next());
    await ctx.rpc.closeServer({ graceMs: 60_000 });
    const error = await next;
    assert(
      error instanceof ServerBusyError ||
        error instanceof ConnectionClosedError && !error.sent,
    );
  },
);

withCtx(
  "resumable() ends with the stream, its error, or its client",
  async (ctx) => {
    const topic = new Topic<string>();
    const { client } = await reconnecting(ctx, topic);
    const open = (after?: number) => client.remote.entries(after);
    topic.publish("only");
    const cut = resumable(open);
    await cut.next();
    const next = cut.next();
    const ending = resumable(open);
    await ending.next();
    topic.close();
    assertEquals((await ending.next()).done, true);
    assertEquals((await next).done, true);
    const failing = resumable(() => client.remote.entries("no id" as never));
    await assertRejects(() => failing.next());
    await client.close();
    await assertRejects(() => resumable(open).next(), ConnectionClosedError);
  },
);
