import { assertEquals, assertStringIncludes } from "@std/assert";
import { drawDay } from "./draw.ts";

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
