import { assertEquals, assertExists } from "@std/assert";
import { judgeRun } from "./test.ts";

function report(tests: number, failures: number): string {
  return `<testsuites tests="${tests}" failures="${failures}" errors="0">` +
    `<testcase name="t"/>`.repeat(tests) + "</testsuites>";
}

Deno.test("judgeRun finds no problem where tests ran and none failed", () => {
  assertEquals(judgeRun(0, report(3, 0)), {
    counts: { passed: 3, failed: 0, skipped: 0 },
  });
});

Deno.test("judgeRun leaves it at the counts where tests failed", () => {
  assertEquals(judgeRun(1, report(3, 2)), {
    counts: { passed: 1, failed: 2, skipped: 0 },
  });
});

Deno.test("judgeRun counts a run that failed without a failed test", () => {
  const { counts, problem } = judgeRun(1, report(3, 0));
  assertEquals(counts, { passed: 3, failed: 1, skipped: 0 });
  assertExists(problem);
});

Deno.test("judgeRun counts a run without report as failed", () => {
  for (const code of [0, 1]) {
    const { counts, problem } = judgeRun(code, "");
    assertEquals(counts, { passed: 0, failed: 1, skipped: 0 });
    assertExists(problem);
  }
});
