import { assertEquals } from "@std/assert";
import { drawDay } from "./draw.ts";
import type { Row } from "./row.ts";

function row(hour: number, cap: number | null): Row {
  const turbines = [1_000_000, 2_000_000];
  return { time: hour * 3_600, available: 4_000_000, cap, turbines };
}

Deno.test("drawDay() draws a turbine each, and each cap once", () => {
  const caps = [null, 3e6, 3e6, 2e6, null, 3e6];
  const picture = drawDay(caps.map((cap, hour) => row(hour, cap)));
  const count = (part: string) => picture.split(part).length - 1;
  assertEquals([count(">turbine 0<"), count(">turbine 2<")], [1, 0]);
  // The legend has one more.
  assertEquals(count("stroke-dasharray"), 3 + 1);
  assertEquals([count("NaN"), count("undefined")], [0, 0]);
});
