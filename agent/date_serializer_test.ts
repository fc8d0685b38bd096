import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { SerializationError } from "../channel/errors.ts";
import { codecs } from "../channel/fixtures/codecs.ts";
import { withCtx } from "../testing/ctx.ts";
import { dateSerializer } from "./date_serializer.ts";
import { Cat } from "./fixtures/cat.ts";

const { serialize, deserialize } = dateSerializer;

Deno.test("dateSerializer reads what it writes, to the ends of time", () => {
  for (
    const time of [0, 1_704_110_400_123, -62_198_755_200_000, 8.64e15, -8.64e15]
  ) {
    const date = new Date(time);
    assertEquals(deserialize(serialize(date)), date);
  }
});

Deno.test("dateSerializer reads the dates of Python, as UTC without a zone", () => {
  for (
    const text of [
      "2024-01-01T12:00:00+00:00",
      "2024-01-01T13:00:00+01:00",
      "2024-01-01T12:00:00",
      "2024-01-01 12:00:00.000000",
    ]
  ) assertEquals(deserialize(text), new Date("2024-01-01T12:00:00Z"));
});

Deno.test("dateSerializer refuses what is no date", () => {
  for (const data of [5, null, "soon", "2024-02-31", ""]) {
    assertThrows(() => deserialize(data));
  }
  assertThrows(() => serialize(new Date(NaN)), RangeError);
});

class Point {
  constructor(readonly x: number) {}
}

withCtx({
  name: "dates travel under the type 0, the user's classes under 1 and so on",
  codecs,
}, async (ctx) => {
  const serializers = [{
    type: Point,
    serialize: ({ x }: Point) => x,
    deserialize: (x: unknown) => new Point(x as number),
  }];
  const here = await ctx.createContainer({ serializers });
  const there = await ctx.createContainer({ serializers });
  const cat = await there.spawn(Cat);
  const proxy = await here.connect<Cat>(cat.address);
  await proxy.hear([new Date(5), new Point(3)]);
  assertEquals(cat.heard, [[new Date(5), new Point(3)]]);
  await assertRejects(() => proxy.hear(new Date(NaN)), SerializationError);
});
