import { assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import { WatchedSignal } from "../fixtures/watched_signal.ts";

withCtx(
  "Channel.send listens once to a signal that many calls share",
  async (ctx) => {
    await ctx.startServer(async (channel) => {
      for await (const request of channel) {
        if (request.content !== "never") await request.reply(request.content);
      }
    });
    const [one, other] = [await ctx.connect(), await ctx.connect()];
    const watched = new WatchedSignal();
    const { signal } = watched;
    const calls = Array.from(
      { length: 500 },
      (_, n) => (n % 2 === 0 ? one : other).send(n, { signal }),
    );
    const waiting = [
      one.send("never", { signal }),
      other.send("never", { signal }),
    ];
    const aborted = Promise.allSettled(waiting);
    assertEquals([watched.added, watched.listening], [1, 1]);
    assertEquals(await Promise.all(calls), calls.map((_, n) => n));
    assertEquals(watched.listening, 1);
    watched.abort("enough");
    for (const result of await aborted) {
      assertEquals(result, { status: "rejected", reason: "enough" });
    }
    assertEquals([watched.added, watched.listening], [1, 0]);
  },
);

withCtx(
  "Channel.send hears of a signal that aborts while it encodes",
  async (ctx) => {
    const channel = await ctx.startServerAndConnect(async (channel) => {
      for await (const request of channel) await request.reply(null);
    });
    const controller = new AbortController();
    const content = {
      get value() {
        controller.abort("while it encodes");
        return 1;
      },
    };
    const { signal } = controller;
    const reason = await channel.send(content, { signal }).then(
      () => "answered",
      (error) => error,
    );
    assertEquals(reason, "while it encodes");
    assertEquals(channel.stats().calls, 0);
    await assertRejects(() => channel.send(1, { signal: AbortSignal.abort() }));
    assertEquals(await channel.send(2), null);
  },
);
