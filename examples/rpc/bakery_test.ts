import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { RemoteError, withOptions } from "@denomas/denomas/rpc";
import { withCtx } from "@denomas/denomas/testing";
import { Bakery } from "./bakery.ts";

Deno.test("Bakery.order() counts, and refuses what is not baked", () => {
  const bakery = new Bakery();
  assertEquals([bakery.order("baguette"), bakery.order("rye bread")], [1, 2]);
  assertThrows(() => bakery.order("cake"), RangeError, "'cake'");
});

withCtx("Bakery.recipes can be called", async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(new Bakery());
  assertEquals(await remote.recipes.floursFor("rye bread"), ["rye"]);
  await assertRejects(
    () => remote.recipes.floursFor("cake"),
    RemoteError,
    "'cake'",
  );
});

withCtx("Bakery.news() tells of orders until it is left", async (ctx) => {
  const bakery = new Bakery();
  const { remote } = await ctx.rpc.startServerAndConnect(bakery);
  const news = await remote.news();
  bakery.order("baguette");
  for await (const item of news) {
    assertEquals(item, "order 1: baguette");
    break;
  }
  assertEquals(bakery.followers, 0);
});

withCtx("Bakery.bake() stops when it is given up", async (ctx) => {
  const { remote } = await ctx.rpc.startServerAndConnect(new Bakery());
  await using news = await remote.news();
  const controller = new AbortController();
  const { bake } = withOptions(remote, { signal: controller.signal });
  const reason = new Error("enough");
  await assertRejects(
    () =>
      bake(1_000, (loaf) => loaf < 3 ? undefined : controller.abort(reason)),
    Error,
    "enough",
  );
  const { value } = await news.next();
  assertEquals(value, "the oven is free after 3 of 1000 loaves");
});
