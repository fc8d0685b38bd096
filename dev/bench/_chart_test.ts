import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { drawBars, short } from "./_chart.ts";

Deno.test("drawBars keeps the order, and writes values beside their bars", () => {
  const svg = drawBars({
    title: "Calls & more",
    unit: "calls/s",
    bars: [
      { label: "fast", kind: "denomas", value: 4_000, lower: 3e3, upper: 4e3 },
      { label: "slow", kind: "peer", value: 10, lower: 9, upper: 11 },
    ],
  });
  assertStringIncludes(svg, "Calls &amp; more");
  assert(svg.indexOf(">fast<") < svg.indexOf(">slow<"));
  assertStringIncludes(svg, ">4 k</text>");
  assertStringIncludes(svg, 'width="460" height="15" class="denomas"');
  assertStringIncludes(svg, "prefers-color-scheme:dark");
  assertEquals(svg.includes("NaN"), false);
});

Deno.test("short writes three digits", () => {
  assertEquals(
    [0, 0.1234, 12.34, 999, 1_250, 2_000_000, 3.456e9].map(short),
    ["0", "0.123", "12.3", "999", "1.25 k", "2 M", "3.46 G"],
  );
});
