import { assert, assertEquals } from "@std/assert";
import { placeOf } from "./_placement.ts";

const keys = Array.from({ length: 3_000 }, (_, at) => `Auction:${at}`);

function places(nodes: readonly string[]): (string | null)[] {
  return keys.map((key) => placeOf(key, nodes, (it) => it));
}

Deno.test("placeOf spreads keys over all items, whatever their order", () => {
  const found = places(["a", "b", "c"]);
  assertEquals(places(["c", "a", "b"]), found);
  for (const node of ["a", "b", "c"]) {
    const share = found.filter((it) => it === node).length / keys.length;
    assert(share > 0.3 && share < 0.37, `${node} has ${share}`);
  }
  assertEquals(placeOf("key", [], String), null);
});

Deno.test("placeOf moves only the keys of an item that goes, to all others", () => {
  const before = places(["a", "b", "c"]);
  const after = places(["a", "c"]);
  const moved = { a: 0, c: 0 };
  for (const [at, place] of after.entries()) {
    if (before[at] !== "b") assertEquals(place, before[at]!);
    else moved[place as "a" | "c"]++;
  }
  assert(Math.min(moved.a, moved.c) > keys.length / 3 / 2 * 0.8);
});
