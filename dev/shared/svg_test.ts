import { assertEquals } from "@std/assert";
import { niceCeiling, text } from "./svg.ts";

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

Deno.test("text escapes its content, and takes a colour or a class", () => {
  assertEquals(
    text(1, 2.04, "a < b & c", { className: "soft" }),
    '<text x="1" y="2" font-size="12" font-weight="400" text-anchor="start" class="soft">a &lt; b &amp; c</text>',
  );
  assertEquals(text(0, 0, "", { colour: "red" }).includes('fill="red"'), true);
});
