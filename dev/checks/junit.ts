/** Numbers of tests by outcome, including their steps. */
export interface TestCounts {
  readonly passed: number;
  /** Includes tests that were aborted by the failure of another test. */
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Counts the tests of a JUnit report of `deno test`.
 *
 * @throws {Error} If the counts do not add up, because the format has changed.
 */
export function countTests(report: string): TestCounts {
  const all = attribute(report, "testsuites", "tests");
  const failed = attribute(report, "testsuites", "failures") +
    attribute(report, "testsuites", "errors");
  const skipped = report.match(/<skipped\s*\/>/g)?.length ?? 0;
  const cases = report.match(/<testcase /g)?.length ?? 0;
  if (all !== cases || failed + skipped > all) {
    throw new Error(
      `Reading the JUnit report: ${cases} test cases, ${failed} failed and ` +
        `${skipped} skipped, wanted ${all} in all`,
    );
  }
  return { passed: all - failed - skipped, failed, skipped };
}

/** Adds up the counts of several runs. */
export function addCounts(all: readonly TestCounts[]): TestCounts {
  const sum = (key: keyof TestCounts) =>
    all.reduce((total, counts) => total + counts[key], 0);
  return {
    passed: sum("passed"),
    failed: sum("failed"),
    skipped: sum("skipped"),
  };
}

/** Returns the summary at the end of a run. */
export function summary({ passed, failed, skipped }: TestCounts): string {
  const rest = skipped > 0 ? `, ${skipped} skipped` : "";
  return `${passed} passed, ${failed} failed${rest}`;
}

function attribute(report: string, element: string, name: string): number {
  const tag = report.match(new RegExp(`<${element}\\s[^>]*>`))?.[0];
  const value = tag?.match(new RegExp(`\\s${name}="(\\d+)"`))?.[1];
  if (value === undefined) {
    throw new Error(
      `Reading the JUnit report: no number '${name}' in '${element}'`,
    );
  }
  return Number(value);
}
