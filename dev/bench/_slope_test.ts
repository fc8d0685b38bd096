import { assertAlmostEquals, assertEquals } from "@std/assert";
import { pointOf, slope, slopeNoise, steepestSlope } from "./_slope.ts";

Deno.test("slope is the power that a cost grows by", () => {
  assertAlmostEquals(slope({ x: 10, y: 5 }, { x: 100, y: 50 }), 1);
  assertAlmostEquals(slope({ x: 10, y: 5 }, { x: 100, y: 500 }), 2);
  assertAlmostEquals(slope({ x: 10, y: 5 }, { x: 100, y: 5 }), 0);
});

Deno.test("steepestSlope sees a bend, and not what lies close together", () => {
  const points = [
    { x: 1, y: 1 },
    { x: 2, y: 8 },
    { x: 10, y: 10 },
    { x: 100, y: 1_000 },
  ];
  assertAlmostEquals(steepestSlope(points), 2);
  assertEquals(steepestSlope(points.slice(0, 2)), NaN);
});

Deno.test("slopeNoise is what a slope over a factor of ten can stray by", () => {
  const steady = pointOf(1, [5, 5, 5]);
  assertEquals(steady, { x: 1, y: 5, strays: 1 });
  assertEquals(slopeNoise([steady]), 0);
  assertAlmostEquals(
    slopeNoise([steady, { x: 10, y: 1, strays: 10 ** 0.2 }]),
    0.2,
  );
});
