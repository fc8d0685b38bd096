import { assertEquals, assertThrows } from "@std/assert";
import type { FailurePolicy } from "../agent_options.ts";
import {
  actionOnFailure,
  NO_RESTARTS,
  planRestart,
  resolveRestarts,
} from "./_restart_policy.ts";

Deno.test("actionOnFailure decides by policy and state", () => {
  const states = ["new", "starting", "running", "closing", "closed"] as const;
  const expected: [FailurePolicy, string][] = [
    ["report", "none none none none none"],
    ["stop", "close close close none none"],
    ["restart", "close close restart none none"],
    [{ restarts: 1 }, "close close restart none none"],
    ["escalate", "escalate escalate escalate none none"],
  ];
  for (const [policy, actions] of expected) {
    assertEquals(
      states.map((state) => actionOnFailure(policy, state)).join(" "),
      actions,
    );
  }
});

Deno.test("planRestart allows so many restarts within a time", () => {
  const policy = resolveRestarts({ restarts: 2, withinMs: 100 })!;
  const one = planRestart(NO_RESTARTS, policy, 0)!;
  const two = planRestart(one, policy, 50)!;
  assertEquals(two.times, [0, 50]);
  assertEquals(planRestart(two, policy, 99), null);
  assertEquals(planRestart(two, policy, 100)!.times, [50, 100]);
  assertEquals(NO_RESTARTS.times, []);
  const never = resolveRestarts({ restarts: 0 })!;
  assertEquals(planRestart(NO_RESTARTS, never, 0), null);
});

Deno.test("planRestart doubles the waits until nothing counts any more", () => {
  const policy = resolveRestarts({
    withinMs: 100,
    backoff: { initialMs: 10, maxMs: 35 },
  })!;
  let history = NO_RESTARTS;
  const waits = [0, 60, 120, 180, 280].map((nowMs) => {
    history = planRestart(history, policy, nowMs)!;
    return history.waitMs;
  });
  assertEquals(waits, [10, 20, 35, 35, 10]);
});

Deno.test("planRestart waits no longer than the longest wait at first", () => {
  const policy = resolveRestarts({ backoff: { initialMs: 50, maxMs: 5 } })!;
  assertEquals(planRestart(NO_RESTARTS, policy, 0)!.waitMs, 5);
});

Deno.test("resolveRestarts fills in defaults, and refuses what is no number", () => {
  assertEquals(resolveRestarts("report"), null);
  assertEquals(resolveRestarts("stop"), null);
  assertEquals(resolveRestarts("escalate"), null);
  assertEquals(resolveRestarts("restart"), resolveRestarts({}));
  assertEquals(resolveRestarts({ restarts: 1 })!.withinMs, 60_000);
  assertThrows(() => resolveRestarts({ restarts: NaN }), RangeError, "NaN");
  assertThrows(() => resolveRestarts({ withinMs: -1 }), RangeError, "-1");
});
