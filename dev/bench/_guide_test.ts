import { assertEquals } from "@std/assert";
import { mergeResults, type Results } from "./_guide.ts";

const EMPTY: Results = {
  ...{ machine: "a machine", loads: [1], peers: {}, isPinned: true },
  ...{ checks: [], rankings: [], figures: [], leftOut: [] },
};

function check(what: string, median: number) {
  const found = { median, lower: median, upper: median, count: 1 };
  return { what, unit: "× rate", found, target: null };
}

Deno.test("mergeResults replaces what was measured again, and keeps the rest", () => {
  const older = {
    ...EMPTY,
    checks: [check("a", 1), check("b / the fastest, which is c, d", 2)],
  };
  const newer = {
    ...EMPTY,
    loads: [3],
    checks: [check("b / the fastest, which is e, d", 4), check("f", 5)],
  };
  const { loads, checks } = mergeResults(older, newer);
  assertEquals(loads, [1, 3]);
  assertEquals(checks.map(({ what, found }) => [what, found.median]), [
    ["a", 1],
    ["b / the fastest, which is e, d", 4],
    ["f", 5],
  ]);
});
