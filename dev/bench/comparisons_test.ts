import { assert, assertEquals } from "@std/assert";
import { nameOfComparison } from "./_compare.ts";
import { comparisons, GUARDED, isSequential } from "./comparisons.ts";
import { subjectNamed } from "./subjects/all.ts";

Deno.test("comparisons name subjects that exist, and each pair once", async () => {
  const all = [...comparisons(), ...GUARDED];
  for (const { subject, baseline } of all) {
    assert(await subjectNamed(subject) !== await subjectNamed(baseline));
  }
  for (const list of [comparisons(), GUARDED]) {
    const names = list.map(nameOfComparison);
    assertEquals(new Set(names).size, names.length);
  }
});

Deno.test("comparisons bound times from above, and rates from below", () => {
  for (const comparison of comparisons()) {
    const { target } = comparison;
    if (target === null) continue;
    assertEquals("atMost" in target, isSequential(comparison));
  }
});
