import { assertEquals, assertThrows } from "@std/assert";
import type { FailurePolicy } from "../agent_options.ts";
import { actionOnFailure, Restarts, restartsOf } from "./_restart_policy.ts";

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

Deno.test("Restarts allows so many within a time, and then begins short again", () => {
  const resets: number[] = [];
  let nowMs = 0;
  const backoff = {
    reset: () => void resets.push(nowMs),
    next: () => 0,
  };
  const restarts = new Restarts(backoff, 2, 100);
  const begun = [0, 50, 99, 100, 199, 300].filter((it) =>
    restarts.begin(nowMs = it)
  );
  assertEquals(begun, [0, 50, 100, 199, 300]);
  assertEquals(resets, [0, 300]);
  assertEquals(new Restarts(backoff, 0, 100).begin(0), false);
});

Deno.test("restartsOf fills in defaults, and refuses what is no number", () => {
  const of = (policy: FailurePolicy) => restartsOf(policy, Math.random);
  for (const policy of ["report", "stop", "escalate"] as const) {
    assertEquals(of(policy), null);
  }
  for (const policy of ["restart", {}, { backoff: {} }] as const) {
    const restarts = of(policy)!;
    const begun = [1, 2, 3, 4, 5, 6, 60_000, 60_001].filter((it) =>
      restarts.begin(it)
    );
    assertEquals(begun, [1, 2, 3, 4, 5, 60_001]);
  }
  for (
    const wrong of [
      { restarts: NaN },
      { withinMs: -1 },
      { backoff: { maxMs: -1 } },
    ]
  ) assertThrows(() => of(wrong), RangeError);
});
