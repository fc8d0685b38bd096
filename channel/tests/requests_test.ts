import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertThrows,
} from "@std/assert";
import { withCtx } from "../../testing/fixtures/everywhere.ts";
import { FrameTooLargeError } from "../../transports/errors.ts";
import { printable } from "../../transports/printable.ts";
import {
  ConnectionClosedError,
  RemoteError,
  SerializationError,
} from "../errors.ts";
import { codecs } from "../fixtures/codecs.ts";
import type { IncomingRequest, Request } from "../request.ts";

withCtx("reply twice throws, as does fail after reply", async (ctx) => {
  const channel = await ctx.startServerAndConnect(async (channel) => {
    const request = await channel.recv();
    await request.reply("once");
    assertThrows(() => request.reply("twice"), TypeError, "already answered");
    assertThrows(() => request.fail("twice"), TypeError, "already answered");
  });
  assertEquals(await channel.send("?"), "once");
  assertEquals(channel.stats().lateReplies, 0);
});

withCtx("reply that cannot be sent fails on both sides", async (ctx) => {
  const problems: string[] = [];
  const channel = await ctx.startServerAndConnect(async (channel) => {
    for (const value of [new Map(), () => {}, { deep: [Symbol("no")] }]) {
      const request = await channel.recv();
      const error = await assertRejects(
        () => request.reply(value),
        SerializationError,
      );
      problems.push(JSON.stringify(error.path));
    }
    const request = await channel.recv();
    await assertRejects(
      () => request.reply("x".repeat(3_000)),
      FrameTooLargeError,
    );
  }, { server: { limits: { frames: { maxBytes: 2_000 } } } });
  for (let i = 0; i < 3; i++) {
    const error = await assertRejects(() => channel.send(i), RemoteError);
    assertEquals(error.remoteName, "SerializationError");
  }
  const error = await assertRejects(() => channel.send(3), RemoteError);
  assertEquals(error.remoteName, "FrameTooLargeError");
  assertEquals(problems, ["[]", "[]", '["deep",0]']);
});

withCtx("tryReply leaves a request open that it cannot answer", async (ctx) => {
  const channel = await ctx.startServerAndConnect(async (channel) => {
    const request = await channel.recv() as IncomingRequest;
    assertThrows(() => request.tryReply(new Map()), SerializationError);
    assertEquals(channel.stats().unansweredRequests, 1);
    request.tryReply("once");
    assertEquals(channel.stats().unansweredRequests, 0);
    assertThrows(() => request.tryReply("twice"), TypeError);

    const other = await channel.recv() as IncomingRequest;
    await channel.close({ graceMs: 0 });
    other.tryReply(new Map());
    assertEquals(channel.stats().droppedReplies, 1);
  });
  assertEquals(await channel.send("?"), "once");
  await assertRejects(() => channel.send("?"), ConnectionClosedError);
});

withCtx("fail with what cannot be sent fails on both sides", async (ctx) => {
  const channel = await ctx.startServerAndConnect(async (channel) => {
    const request = await channel.recv();
    await assertRejects(() => request.fail(new Map()), SerializationError);
  });
  const error = await assertRejects(() => channel.send(0), RemoteError);
  assertEquals(error.remoteName, "SerializationError");
});

withCtx("reply after the client left resolves and is counted", async (ctx) => {
  const received = Promise.withResolvers<Request>();
  const server = await ctx.startServer(async (channel) => {
    received.resolve(await channel.recv());
    await channel.closed;
  });
  const client = await ctx.connect();
  const call = assertRejects(() => client.send("hi"), ConnectionClosedError);
  const request = await received.promise;
  const [channel] = server.channels;
  await client.close();
  await call;
  await channel!.closed;
  await request.reply("anybody?");
  assertEquals(channel!.stats().droppedReplies, 1);
  assertEquals(channel!.stats().unansweredRequests, 0);
});

withCtx(
  "signal aborts when the connection is lost, once asked for or not",
  async (ctx) => {
    const received: Request[] = [];
    const both = Promise.withResolvers<void>();
    const server = await ctx.startServer(async (channel) => {
      for await (const request of channel) {
        if (received.push(request) === 2) both.resolve();
      }
    });
    const client = await ctx.connect();
    const calls = [client.send(0), client.send(1)].map((call) =>
      assertRejects(() => call, ConnectionClosedError)
    );
    await both.promise;
    const early = received[0]!.signal;
    assertEquals(early.aborted, false);
    const [channel] = server.channels;
    await client.close({ graceMs: 0 });
    await Promise.all(calls);
    await channel!.closed;
    assertInstanceOf(early.reason, ConnectionClosedError);
    assertInstanceOf(received[1]!.signal.reason, ConnectionClosedError);
  },
);

withCtx("signal of an answered request never aborts", async (ctx) => {
  const received = Promise.withResolvers<Request>();
  const server = await ctx.startServer(async (channel) => {
    const request = await channel.recv();
    await request.reply(null);
    received.resolve(request);
    await channel.closed;
  });
  const client = await ctx.connect();
  await client.send(0);
  const request = await received.promise;
  const [channel] = server.channels;
  await client.close();
  await channel!.closed;
  assertEquals(request.signal.aborted, false);
});

withCtx(
  "requests that came before the end are still handed out",
  async (ctx) => {
    const contents: unknown[] = [];
    const done = Promise.withResolvers<void>();
    const open = Promise.withResolvers<void>();
    await ctx.startServer(async (channel) => {
      open.resolve();
      await channel.closed;
      for await (const request of channel) {
        contents.push(request.content);
        assert(request.signal.aborted);
        await request.reply("nobody hears it");
      }
      done.resolve();
    });
    const client = await ctx.connect();
    await open.promise;
    const calls = [1, 2].map((n) =>
      assertRejects(() => client.send(n), ConnectionClosedError)
    );
    await client.close();
    await Promise.all(calls);
    await done.promise;
    assertEquals(contents, [1, 2]);
  },
);

withCtx(
  "reply waits while its peer takes nothing, and goes on after",
  async (ctx) => {
    const sent: number[] = [];
    const channel = await ctx.startServerAndConnect(async (channel) => {
      for await (const request of channel) {
        await request.reply("x".repeat(50_000));
        sent.push(channel.stats().queuedBytes);
      }
    }, { server: { limits: { queues: { maxBytes: 100_000 } } } });
    const calls = Array.from({ length: 200 }, () => channel.send(0));
    for (const reply of await Promise.all(calls)) {
      assertEquals((reply as string).length, 50_000);
    }
    assert(Math.max(...sent) < 200_000, `queued up to ${Math.max(...sent)}`);
  },
);

withCtx({
  name: "fail tells of an error whose text holds half of a surrogate pair",
  codecs,
}, async (ctx) => {
  const channel = await ctx.startServerAndConnect(async (channel) => {
    for await (const request of channel) {
      await request.fail(new RangeError("one two \ud83d"));
    }
  });
  const error = await assertRejects(() => channel.send("?"), RemoteError);
  assertEquals(error.remoteName, "RangeError");
  assertEquals(error.message, "one two \ufffd");
});

withCtx({
  name: "fail tells of an error that does not fit a frame, cut to size",
  codecs,
}, async (ctx) => {
  const channel = await ctx.startServerAndConnect(async (channel) => {
    for (const text of ["\0", "😀", "\ud83d"]) {
      const request = await channel.recv();
      const error = new RangeError(`too long: ${text.repeat(2_000)}`);
      await assertRejects(() => request.fail(error), FrameTooLargeError);
    }
  }, { server: { limits: { frames: { maxBytes: 1_024 } } } });
  for (let i = 0; i < 3; i++) {
    const error = await assertRejects(() => channel.send(i), RemoteError);
    assertEquals(error.remoteName, "RangeError");
    assert(error.message.startsWith("too long: "), error.message);
  }
});

withCtx({
  name: "a value that cannot be sent is told of whatever its path is made of",
  codecs,
}, async (ctx) => {
  const key = `a${"😀".repeat(1_000)}`;
  const channel = await ctx.startServerAndConnect(async (channel) => {
    for await (const request of channel) {
      const value = { [request.content as string]: { [key]: () => {} } };
      await assertRejects(() => request.reply(value), SerializationError);
    }
  });
  for (const first of ["", "b", "\n\x1b[2J"]) {
    const error = await assertRejects(() => channel.send(first), RemoteError);
    assertEquals(error.remoteName, "SerializationError");
    assertEquals(error.message, printable(error.message, Infinity));
  }
});
