import { assertEquals, assertRejects } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import { codecs } from "../fixtures/codecs.ts";
import { ConnectionClosedError, SerializationError } from "../errors.ts";

withCtx({
  name: "Channel.send bears with a getter that sends something itself",
  codecs,
}, async (ctx) => {
  const channel = await ctx.startServerAndConnect(async (channel) => {
    for await (const request of channel) await request.reply(request.content);
  });
  const inner: Promise<unknown>[] = [];
  const nested = (value: unknown) => ({
    get value() {
      inner.push(channel.send("inner"));
      return value;
    },
  });
  const sent = await Promise.all([1, 2].map((n) => channel.send(nested(n))));
  assertEquals(sent, [{ value: 1 }, { value: 2 }]);
  const error = await assertRejects(() => channel.send(nested(Symbol())));
  assertEquals(error instanceof SerializationError, true);
  const answers = await Promise.all(inner);
  assertEquals(new Set(answers), new Set(["inner"]));
  assertEquals(await channel.send("after"), "after");
  assertEquals(channel.stats().pendingCalls, 0);
});

withCtx(
  "Channel.send bears with a getter that closes the channel",
  async (ctx) => {
    const channel = await ctx.startServerAndConnect(async (channel) => {
      for await (const request of channel) await request.reply(null);
    });
    const content = {
      get value() {
        channel.close({ graceMs: 0 });
        return 1;
      },
    };
    await assertRejects(() => channel.send(content), ConnectionClosedError);
    await channel.closed;
  },
);
