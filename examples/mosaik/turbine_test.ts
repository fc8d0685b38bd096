import { assertEquals } from "@std/assert";
import { withCtx } from "@denomas/denomas/testing";
import { powerAt, Turbine } from "./turbine.ts";

Deno.test("powerAt() starts, is at its best, and is shut", () => {
  const rated = 3_000_000;
  assertEquals([0, 29, 30, 250].map((wind) => powerAt(wind, rated)), [
    ...[0, 0, 0, 0],
  ]);
  assertEquals([120, 249].map((wind) => powerAt(wind, rated)), [rated, rated]);
  assertEquals(powerAt(75, rated), 696_428);
});

withCtx("Turbine.take() gives no more than the wind does", async (ctx) => {
  const container = await ctx.createContainer();
  const { address } = await container.spawn(Turbine, "a", {
    rated: 1_000,
    reached: 500,
  });
  const turbine = await container.connect<Turbine>(address);
  assertEquals(await turbine.feel(241), 1_000);
  assertEquals(await turbine.take(400), 400);
  assertEquals(await turbine.take(2_000), 1_000);
});
