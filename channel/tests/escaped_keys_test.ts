import { assertEquals } from "@std/assert";
import { withCtx } from "../../testing/ctx.ts";
import { json } from "../codecs/json/json.ts";
import { openRaw } from "../fixtures/raw_peer.ts";

withCtx({
  name: "a stranger's keys do not change how those of another peer are read",
  codecs: [json()],
}, async (ctx) => {
  const { address } = await ctx.startServer(async (channel) => {
    for await (const request of channel) {
      const keys = Object.keys(request.content as object);
      await request.reply(keys.map((key) => key.codePointAt(0)));
    }
  });
  using stranger = await openRaw(address);
  using python = await openRaw(address);
  for (
    const [strange, honest, codes] of [
      ['{"b":1,"\\\\":2}', '{"b":1,"\\u00e4":2}', "[98,228]"],
      ['{"c":1,"\\\\":2}', '{"c":1,"\\n":2}', "[99,10]"],
      ['{"\\\\u0":1}', '{"\\u00fc\\u00fc\\u00fc":1}', "[252]"],
      ['{"d":NaN,"\\\\":2}', '{"d":1,"\\t":2}', "[100,9]"],
      ['{"e":1,"\\\\":2,]', '{"e":1,"\\"":2}', "[101,34]"],
    ] as const
  ) {
    using invalid = await openRaw(address);
    const sender = strange.endsWith("]") ? invalid : stranger;
    sender.send(`[0,0,${strange}]`);
    await sender.receive();
    python.send(`[0,0,${honest}]`);
    assertEquals(await python.receive(), `[1,0,${codes}]`);
  }
  assertEquals(ctx.takeHandlerErrors().length, 1);
});
