import { assert, assertEquals, assertThrows } from "@std/assert";
import { DEFAULT_LIMITS, type LimitOptions, resolveLimits } from "./limits.ts";

const GUIDE = new URL("../../docs/security.md", import.meta.url);

Deno.test("DEFAULT_LIMITS are all in the guide to security", async () => {
  const guide = await Deno.readTextFile(GUIDE);
  for (const [group, limits] of Object.entries(DEFAULT_LIMITS)) {
    for (const [limit, value] of Object.entries(limits)) {
      const name = `| \`limits.${group}.${limit}\``;
      const row = guide.split("\n").find((it) => it.startsWith(name));
      assert(row !== undefined, `the guide has no row for '${name}'`);
      const isNone = row.split("|")[2]!.trim() === "none";
      assertEquals(isNone, value === Infinity, row);
    }
  }
});

Deno.test("resolveLimits takes rates under one a second, and none of 0", () => {
  const rate = { rates: { requestsPerSecond: 0.1 } };
  assertEquals(resolveLimits(rate).rates.requestsPerSecond, 0.1);
  assertThrows(
    () => resolveLimits({ rates: { bytesPerSecond: 0 } }),
    RangeError,
  );
  assertThrows(() => resolveLimits({ connections: { idleMs: 0 } }), RangeError);
});

Deno.test("resolveLimits refuses depths and numbers of keys out of range", () => {
  assertEquals(
    resolveLimits({ frames: { maxDepth: 1_000 } }).frames.maxKeys,
    262_144,
  );
  for (const maxDepth of [0, 1_001, NaN, Infinity]) {
    const limits = { frames: { maxDepth } };
    assertThrows(() => resolveLimits(limits), RangeError, "maxDepth");
  }
  for (const maxKeys of [0, -1, NaN]) {
    const limits = { frames: { maxKeys } };
    assertThrows(() => resolveLimits(limits), RangeError, "maxKeys");
  }
});

Deno.test("resolveLimits refuses the name of no limit", () => {
  const limits = { frames: { maxFrameBytes: 4096 } };
  assertThrows(
    () => resolveLimits(limits as unknown as LimitOptions),
    TypeError,
    "Cannot set 'limits.frames.maxFrameBytes'",
  );
});
