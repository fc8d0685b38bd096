import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { drawBars, drawLines, short } from "./_chart.ts";

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

Deno.test("drawLines goes by powers of ten on both scales", () => {
  const svg = drawLines({
    title: "Memory",
    xLabel: "connections",
    yLabel: "bytes",
    series: [{
      label: "channel",
      points: [{ x: 1, y: 10 }, { x: 10, y: 100 }, { x: 100, y: 1_000 }],
    }],
  });
  assertStringIncludes(svg, 'd="M84 366 L407 216 L730 66"');
  assertEquals(svg.includes("NaN"), false);
});

Deno.test("short writes three digits", () => {
  assertEquals(
    [0, 0.1234, 12.34, 999, 1_250, 2_000_000, 3.456e9].map(short),
    ["0", "0.123", "12.3", "999", "1.25 k", "2 M", "3.46 G"],
  );
});
