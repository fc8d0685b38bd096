import { assertEquals } from "@std/assert";
import { breachesOf } from "./_outcome.ts";
import { QUICK } from "./_scale.ts";
import { TRIALS } from "./trials.ts";

/** Allows for other tests that run at the same time. */
const SLACK_MS = 5_000;

for (const { name, missing, run } of TRIALS) {
  // This trial needs root, and names that no other run uses.
  if (name === "cut wire") continue;
  const isSkipped = await missing?.() ?? null;
  Deno.test({
    name: `a reconnecting client survives in the trial '${name}'`,
    ignore: isSkipped !== null,
    fn: async () => {
      const outcomes = await run(QUICK);
      const breaches = outcomes.flatMap((it) => breachesOf(it, SLACK_MS));
      assertEquals(breaches, []);
    },
  });
}
