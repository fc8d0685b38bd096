import { assertEquals, assertRejects } from "@std/assert";
import { openReconnecting } from "../reconnect/deno.ts";
import { withCtx } from "../../testing/ctx.ts";
import { call } from "../call.ts";
import { service } from "../service/service.ts";

const vault = service({
  who: () => call().peerName,
  open: (): string => {
    if (call().peerName !== "Ada") throw new RangeError("for Ada alone");
    return "opened";
  },
});

withCtx({
  name: "call().peer is the name that the caller's certificate proved",
  transports: ["tls"],
}, async (ctx) => {
  const server = await ctx.rpc.startServer(vault);
  const someone = await ctx.rpc.connect<typeof vault>();
  assertEquals(await someone.remote.who(), "ctx");
  await assertRejects(() => someone.remote.open(), Error, "for Ada alone");

  const tls = {
    ...ctx.options.tls,
    ...await ctx.authority.issue({ name: "Ada" }),
  };
  const ada = await ctx.rpc.connect<typeof vault>({ tls });
  assertEquals(await ada.remote.open(), "opened");

  const again = ctx.use(
    await openReconnecting<typeof vault>(server.address, {
      ...ctx.options,
      tls,
    }),
  );
  assertEquals(await again.remote.open(), "opened");
});

withCtx("call().peer is null without TLS", async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(vault);
  assertEquals(await remote.who(), null);
});
