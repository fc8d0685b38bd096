import { assertEquals, assertStringIncludes } from "@std/assert";
import { drawDay, niceCeiling } from "./draw.ts";

Deno.test("drawDay shows when a container was killed, and escapes what it writes", () => {
  const rounds = [0, 1, 2].map((n) => ({
    price: 100 * n,
    messages: 10,
    tookMs: 5,
    bidders: { hills: n },
  }));
  const svg = drawDay({
    title: "A & B",
    rounds,
    sites: [{ name: "hills", where: "Worker", killedIn: 1 }],
  });
  assertStringIncludes(svg, "A &amp; B");
  assertStringIncludes(svg, ">killed</text>");
  assertEquals(svg.includes("NaN"), false);
});

Deno.test("niceCeiling finds the next number that is easy to read", () => {
  assertEquals([0, 0.7, 1, 3, 17, 85, 4_100].map(niceCeiling), [
    1,
    0.8,
    1,
    4,
    20,
    100,
    6_000,
  ]);
});
