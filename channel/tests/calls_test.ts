import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { FrameTooLargeError } from "../../transports/errors.ts";
import type { Channel } from "../channel.ts";
import type { Codec } from "../codecs/codec.ts";
import { json } from "../codecs/json/json.ts";
import { msgpack } from "../codecs/msgpack/msgpack.ts";
import {
  ConnectionClosedError,
  QueueFullError,
  RemoteError,
  SerializationError,
  ServerBusyError,
  TimeoutError,
} from "../errors.ts";
import type { Request } from "../request.ts";

/** Answers each request with its own content. */
async function echo(channel: Channel): Promise<void> {
  for await (const request of channel) await request.reply(request.content);
}

/** A handler that keeps requests, and a way to wait for them. */
function keeper(): {
  handler: (channel: Channel) => Promise<void>;
  next: () => Promise<Request>;
} {
  const kept: Request[] = [];
  let wake = () => {};
  return {
    handler: async (channel) => {
      for await (const request of channel) {
        kept.push(request);
        wake();
      }
    },
    next: async () => {
      while (kept.length === 0) {
        await new Promise<void>((resolve) => wake = resolve);
      }
      return kept.shift()!;
    },
  };
}

withCtx(
  { name: "send resolves to the reply", codecs: [json(), msgpack()] },
  async (ctx) => {
    const channel = await ctx.startServerAndConnect(echo);
    const values = [null, true, 1.5, "grüße 🎈", [1, [2]], { a: { b: [] } }];
    for (const value of values) {
      assertEquals(await channel.send(value), value);
    }
    assertEquals(await channel.send(undefined), null);
  },
);

withCtx("send works from both ends at once", async (ctx) => {
  const sums: unknown[] = [];
  const channel = await ctx.startServerAndConnect(async (channel) => {
    for await (const request of channel) {
      sums.push(await channel.send("how much?"));
      await request.reply("thanks");
    }
  });
  const answering = (async () => {
    for (let i = 0; i < 3; i++) await (await channel.recv()).reply(i);
  })();
  for (let i = 0; i < 3; i++) assertEquals(await channel.send(i), "thanks");
  await answering;
  assertEquals(sums, [0, 1, 2]);
});

withCtx(
  "send keeps order, and tells apart replies in any order",
  async (ctx) => {
    const seen: unknown[] = [];
    const channel = await ctx.startServerAndConnect(async (channel) => {
      const requests: Request[] = [];
      for (let i = 0; i < 100; i++) requests.push(await channel.recv());
      for (const request of requests.reverse()) {
        await request.reply(`reply to ${request.content}`);
      }
      seen.push(...requests.reverse().map((request) => request.content));
    });
    const numbers = Array.from({ length: 100 }, (_, i) => i);
    const replies = await Promise.all(numbers.map((n) => channel.send(n)));
    assertEquals(replies, numbers.map((n) => `reply to ${n}`));
    assertEquals(seen, numbers);
  },
);

withCtx("send settles 10,000 calls in flight", async (ctx) => {
  const channel = await ctx.startServerAndConnect(echo);
  const numbers = Array.from({ length: 10_000 }, (_, i) => i);
  const replies = await Promise.all(numbers.map((n) => channel.send(n)));
  assertEquals(replies, numbers);
  assertEquals(channel.stats().pendingCalls, 0);
});

withCtx("send rejects with what the other side failed with", async (ctx) => {
  class OutOfStock extends Error {
    override name = "OutOfStock";
  }
  const channel = await ctx.startServerAndConnect(async (channel) => {
    await (await channel.recv()).fail(new OutOfStock("no apples left"));
    await (await channel.recv()).fail("ValueError: too few\n");
    await (await channel.recv()).fail({ any: ["thing"] });
  });
  const error = await assertRejects(() => channel.send("apples"), RemoteError);
  assertEquals(error.remoteName, "OutOfStock");
  assertEquals(error.message, "no apples left");
  assertEquals(error.origin, channel.remoteAddress);
  const second = await assertRejects(() => channel.send(""), RemoteError);
  assertEquals([second.remoteName, second.message], ["ValueError", "too few"]);
  const third = await assertRejects(() => channel.send(""), RemoteError);
  assertEquals(third.content, { any: ["thing"] });
});

withCtx("send rejects what cannot be sent, and uses no id", async (ctx) => {
  const { handler, next } = keeper();
  const channel = await ctx.startServerAndConnect(handler, {
    client: { limits: { frames: { maxBytes: 2_000 } } },
  });
  const error = await assertRejects(
    () => channel.send({ a: [1, () => {}] }),
    SerializationError,
  );
  assertEquals(error.path, ["a", 1]);
  await assertRejects(
    () => channel.send("x".repeat(2_000)),
    FrameTooLargeError,
  );
  await assertRejects(
    () => channel.send("ü".repeat(1_500)),
    FrameTooLargeError,
  );
  assertEquals(channel.stats().pendingCalls, 0);
  const reply = channel.send("fine");
  const request = await next();
  assertEquals([request.id, request.content], [0, "fine"]);
  await request.reply(null);
  await reply;
});

withCtx("send never throws synchronously", async (ctx) => {
  const channel = await ctx.startServerAndConnect(echo);
  const aborted = AbortSignal.abort();
  const promises = [
    channel.send(Symbol("no")),
    channel.send(1, { signal: aborted }),
    channel.send(1, { timeoutMs: -1 }),
    channel.send(1, { timeoutMs: NaN }),
  ];
  const settled = Promise.allSettled(promises);
  await channel.close();
  const results = [
    ...await settled,
    ...await Promise.allSettled([channel.send(1)]),
  ];
  assertEquals(
    results.map((r) => r.status === "rejected" ? r.reason.name : "resolved"),
    [
      "SerializationError",
      "AbortError",
      "RangeError",
      "RangeError",
      "ConnectionClosedError",
    ],
  );
});

withCtx(
  "send times out, and a late reply is counted and dropped",
  async (ctx) => {
    const { handler, next } = keeper();
    const channel = await ctx.startServerAndConnect(handler);
    const error = await assertRejects(
      () => channel.send("slow", { timeoutMs: 5 }),
      TimeoutError,
    );
    assertEquals([error.timeoutMs, error.sent], [5, true]);
    await (await next()).reply("too late");
    const prompt = channel.send("prompt");
    await (await next()).reply("in time");
    assertEquals(await prompt, "in time");
    assertEquals(channel.stats().lateReplies, 1);
    assertEquals(channel.stats().pendingCalls, 0);
  },
);

withCtx("send takes its time-out from the channel unless told", async (ctx) => {
  const { handler, next } = keeper();
  const channel = await ctx.startServerAndConnect(handler, {
    client: { timeoutMs: 5 },
  });
  await assertRejects(() => channel.send("slow"), TimeoutError);
  await next();
  const patient = channel.send("patient", { timeoutMs: Infinity });
  await (await next()).reply("thanks");
  assertEquals(await patient, "thanks");
  await assertRejects(
    () => channel.send("now", { timeoutMs: 0 }),
    TimeoutError,
  );
});

withCtx("send can be aborted before, during and after", async (ctx) => {
  const { handler, next } = keeper();
  const channel = await ctx.startServerAndConnect(handler);
  const reason = new Error("changed my mind");

  const before = new AbortController();
  before.abort(reason);
  assertStrictEquals(
    await assertRejects(() => channel.send(0, { signal: before.signal })),
    reason,
  );

  const during = new AbortController();
  const call = channel.send(1, { signal: during.signal });
  const request = await next();
  assertEquals(request.content, 1);
  during.abort(reason);
  assertStrictEquals(await assertRejects(() => call), reason);
  await request.reply("late");

  const after = new AbortController();
  const answered = channel.send(2, { signal: after.signal });
  await (await next()).reply("done");
  assertEquals(await answered, "done");
  after.abort(reason);
  assertEquals(channel.stats().pendingCalls, 0);
  assertEquals(channel.stats().lateReplies, 1);
});

withCtx(
  "send aborted before its bytes left is never delivered",
  async (ctx) => {
    const { handler, next } = keeper();
    const channel = await ctx.startServerAndConnect(handler);
    const controller = new AbortController();
    const first = channel.send("first");
    const taken = channel.send("taken back", { signal: controller.signal });
    const last = channel.send("last");
    controller.abort();
    await assertRejects(() => taken);
    for (const expected of ["first", "last"]) {
      const request = await next();
      assertEquals(request.content, expected);
      await request.reply(null);
    }
    await Promise.all([first, last]);
    assertEquals(channel.stats().lateReplies, 0);
  },
);

withCtx("send refuses more calls than may be pending", async (ctx) => {
  const { handler, next } = keeper();
  const channel = await ctx.startServerAndConnect(handler, {
    client: { limits: { requests: { maxPending: 2 } } },
  });
  const calls = [channel.send(0), channel.send(1)];
  const error = await assertRejects(() => channel.send(2), QueueFullError);
  assertEquals(error.limit, 2);
  await (await next()).reply(null);
  await calls[0];
  const third = channel.send(3);
  await (await next()).reply(null);
  await (await next()).reply(null);
  await Promise.all([calls[1], third]);
});

withCtx("send waits for room in the queue, in order", async (ctx) => {
  const { handler, next } = keeper();
  const channel = await ctx.startServerAndConnect(handler, {
    client: { limits: { queues: { maxBytes: 1_000 } } },
  });
  const content = "x".repeat(900);
  const controller = new AbortController();
  const calls = [0, 1, 2, 3].map((n) => channel.send([n, content]));
  const given = channel.send(["up"], { signal: controller.signal });
  calls.push(channel.send([5, content]));
  assertEquals(channel.stats().waitingCalls, 4);
  const drained = channel.drained();
  controller.abort();
  await assertRejects(() => given);
  assertEquals(channel.stats().waitingCalls, 3);
  for (const expected of [0, 1, 2, 3, 5]) {
    const request = await next();
    assertEquals(request.content, [expected, content]);
    await request.reply(null);
  }
  await Promise.all(calls);
  await drained;
  await channel.drained();
  assertEquals(channel.stats().waitingCalls, 0);
});

withCtx(
  "send that waits for room may be given up: it was not sent",
  async (ctx) => {
    const channel = await ctx.startServerAndConnect(echo, {
      client: { limits: { queues: { maxBytes: 100 } } },
    });
    const first = channel.send("x".repeat(200));
    const waiting = channel.send("waits");
    const closing = channel.close({ graceMs: 0 });
    const errors = await Promise.all(
      [first, waiting].map((call) =>
        assertRejects(() => call, ConnectionClosedError)
      ),
    );
    assertEquals(errors.map((error) => error.sent), [false, false]);
    await closing;
  },
);

withCtx(
  "requests over the peer's limit fail with ServerBusyError",
  async (ctx) => {
    const { handler, next } = keeper();
    const channel = await ctx.startServerAndConnect(handler, {
      server: { limits: { requests: { maxUnanswered: 2 } } },
    });
    const calls = [channel.send(0), channel.send(1)];
    await assertRejects(() => channel.send(2), ServerBusyError);
    await (await next()).reply("a");
    await (await next()).reply("b");
    assertEquals(await Promise.all(calls), ["a", "b"]);
    const again = channel.send(3);
    await (await next()).reply("c");
    assertEquals(await again, "c");
  },
);

withCtx(
  "requests over the peer's bytes fail with ServerBusyError",
  async (ctx) => {
    const { handler, next } = keeper();
    const big = "x".repeat(4_000);
    const roomy = await ctx.startServer(handler);
    const measured = (await ctx.connect()).send(big);
    const kept = await next();
    const weight = roomy.stats().heldBytes;
    assert(weight > 4_000);
    await kept.reply(null);
    await measured;
    await ctx.closeServer();
    const server = await ctx.startServer(handler, {
      // A host may hold half of it, and one connection half of what is then
      // free.
      limits: {
        requests: {
          maxHeldBytes: 1.5 * weight,
          maxServerHeldBytes: 5.5 * weight,
        },
      },
    });
    const [one, two] = [await ctx.connect(), await ctx.connect()];
    const first = one.send(big);
    const request = await next();
    assertEquals(server.stats().heldBytes, weight);
    await assertRejects(
      () => one.send(big),
      ServerBusyError,
      "held for this connection",
    );
    await assertRejects(() => two.send(big), ServerBusyError, "at this server");
    await request.reply(null);
    await first;
    const second = two.send(big);
    await (await next()).reply(null);
    await second;
    assertEquals(server.stats().heldBytes, 0);
  },
);

withCtx("calls pending at the end each get their own error", async (ctx) => {
  const { handler, next } = keeper();
  const channel = await ctx.startServerAndConnect(handler);
  const calls = [1, 2, 3].map((n) => channel.send(n));
  await next();
  const settled = Promise.allSettled(calls);
  await channel.close();
  const errors = (await settled).map((r) =>
    (r as PromiseRejectedResult).reason
  );
  for (const error of errors) {
    assertInstanceOf(error, ConnectionClosedError);
    assertEquals([error.by, error.sent], ["local", true]);
  }
  assertEquals(new Set(errors).size, 3);
  assertEquals(channel.stats().pendingCalls, 0);
});

withCtx(
  "send takes a codec of one's own, and tells when it fails",
  async (ctx) => {
    const shouting: Codec = {
      ...json(),
      name: "shouting",
      encode: (value) => {
        const text = JSON.stringify(value);
        if (text.includes("quiet")) throw new Error("too quiet");
        return text.toUpperCase();
      },
    };
    const channel = await ctx.startServerAndConnect(echo, {
      server: { codec: shouting },
      client: { codec: shouting },
    });
    assertEquals(await channel.send("hello"), "HELLO");
    const error = await assertRejects(
      () => channel.send("quiet"),
      SerializationError,
      "shouting",
    );
    assertEquals((error.cause as Error).message, "too quiet");
    assertEquals(await channel.send("again"), "AGAIN");
  },
);

withCtx(
  "a codec whose methods are async fails the call, and nothing else",
  async (ctx) => {
    const reject = () => Promise.reject(new Error("async"));
    const async = reject as unknown as () => never;
    await ctx.startServer(echo);
    const sending = await ctx.connect({ codec: { ...json(), encode: async } });
    await assertRejects(
      () => sending.send("?"),
      SerializationError,
      "must return a string",
    );
    const reading = await ctx.connect({ codec: { ...json(), decode: async } });
    await assertRejects(() => reading.send("?"), ConnectionClosedError);
  },
);

withCtx(
  "send that would wait for room is checked for its size first",
  async (ctx) => {
    const channel = await ctx.startServerAndConnect(echo, {
      client: {
        limits: { queues: { maxBytes: 100 }, frames: { maxBytes: 2_000 } },
      },
    });
    const first = channel.send("x".repeat(1_500));
    await assertRejects(
      () => channel.send("ü".repeat(1_500)),
      FrameTooLargeError,
    );
    assertEquals(channel.stats().waitingCalls, 0);
    assertEquals(await first, "x".repeat(1_500));
  },
);
