import { assertEquals } from "@std/assert";
import { percent, shortfalls, sumByPart } from "./coverage.ts";

Deno.test("sumByPart adds up the files of each part", () => {
  const sums = sumByPart([
    { file: "channel/a.ts", reached: [1, 2, 3], missed: [4] },
    { file: "channel/codecs/b.ts", reached: [1], missed: [] },
    { file: "transports/c.ts", reached: [], missed: [1] },
  ]);
  assertEquals(sums, [
    { part: "transports", reached: 0, total: 1 },
    { part: "channel", reached: 4, total: 5 },
  ]);
  assertEquals(sums.map(percent), [0, 80]);
});

Deno.test("shortfalls names parts under 95 per cent, and an empty report", () => {
  const sums = [
    { part: "channel", reached: 95, total: 100 },
    { part: "rpc", reached: 94, total: 100 },
  ];
  assertEquals(shortfalls(sums), ["rpc"]);
  assertEquals(shortfalls([]), ["everything"]);
});
