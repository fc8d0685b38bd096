import { assertEquals, assertThrows } from "@std/assert";
import { withCtx } from "../testing/ctx.ts";
import { addressOf } from "./address_of.ts";
import { Cat } from "./fixtures/cat.ts";

withCtx("addressOf tells where an agent is", async (ctx) => {
  const here = await ctx.createContainer();
  const there = await ctx.createContainer();
  const cat = await there.spawn(Cat);
  assertEquals(addressOf(await here.connect<Cat>(cat.address)), cat.address);
});

withCtx("addressOf refuses what is no proxy of an agent", async (ctx) => {
  const container = await ctx.createContainer();
  const cat = await container.spawn(Cat);
  const { meow } = await container.connect<Cat>(cat.address);
  for (const other of [null, "tcp://127.0.0.1:1/0", {}, cat, meow]) {
    assertThrows(() => addressOf(other), TypeError, "not a proxy of an agent");
  }
});
