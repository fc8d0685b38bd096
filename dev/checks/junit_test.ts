import { assertEquals, assertThrows } from "@std/assert";
import { addCounts, countTests, summary } from "./junit.ts";

const REPORT = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="deno test" tests="5" failures="1" errors="1" time="0.3">
    <testsuite name="./a_test.ts" tests="5" disabled="1" errors="1" failures="1">
        <testcase name="good" classname="./a_test.ts" time="0.005">
        </testcase>
        <testcase name="good &gt; step" classname="./a_test.ts" time="0.005">
        </testcase>
        <testcase name="bad" classname="./a_test.ts" time="0.026">
            <failure message="1 test step failed">1 test step failed.</failure>
        </testcase>
        <testcase name="cut short" classname="./a_test.ts" time="0.000">
            <error message="Cancelled"/>
        </testcase>
        <testcase name="left out" classname="./a_test.ts" time="0.000">
            <skipped/>
        </testcase>
    </testsuite>
</testsuites>
`;

Deno.test("countTests counts steps as tests, and errors as failures", () => {
  assertEquals(countTests(REPORT), { passed: 2, failed: 2, skipped: 1 });
});

Deno.test("countTests refuses a report that does not add up", () => {
  const short = REPORT.replace(`tests="5" failures`, `tests="7" failures`);
  assertThrows(() => countTests(short), Error, "5 test cases");
  assertThrows(() => countTests("<html></html>"), Error, "no number 'tests'");
});

Deno.test("summary mentions skipped tests only where there are some", () => {
  const counts = { passed: 12, failed: 0, skipped: 0 };
  assertEquals(summary(counts), "12 passed, 0 failed");
  assertEquals(
    summary({ ...counts, skipped: 3 }),
    "12 passed, 0 failed, 3 skipped",
  );
});

Deno.test("addCounts adds up runs", () => {
  const counts = { passed: 2, failed: 1, skipped: 0 };
  assertEquals(addCounts([counts, counts]), {
    passed: 4,
    failed: 2,
    skipped: 0,
  });
  assertEquals(addCounts([]), { passed: 0, failed: 0, skipped: 0 });
});
