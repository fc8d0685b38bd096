import { assert, assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_LIMITS, resolveLimits } from "./limits.ts";

const GUIDE = new URL("../../docs/security.md", import.meta.url);

Deno.test("DEFAULT_LIMITS are all in the guide to security", async () => {
  const guide = await Deno.readTextFile(GUIDE);
  for (const [name, value] of Object.entries(DEFAULT_LIMITS)) {
    const row = guide.split("\n").find((it) => it.startsWith(`| \`${name}\``));
    assert(row !== undefined, `the guide has no row for '${name}'`);
    const isNone = row.split("|")[2]!.trim() === "none";
    assertEquals(isNone, value === Infinity, row);
  }
});

Deno.test("resolveLimits takes rates under one a second, and none of 0", () => {
  const rate = { maxRequestsPerSecond: 0.1 };
  assertEquals(resolveLimits(rate).maxRequestsPerSecond, 0.1);
  assertThrows(() => resolveLimits({ maxBytesPerSecond: 0 }), RangeError);
  assertThrows(() => resolveLimits({ idleMs: 0 }), RangeError);
});
