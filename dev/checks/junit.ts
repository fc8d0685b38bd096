/** How many tests, their steps included, ended in which way. */
export interface TestCounts {
  /** Ended well. */
  readonly passed: number;
  /** Ended badly, or were cut short by the failure of another. */
  readonly failed: number;
  /** Were left out. */
  readonly skipped: number;
}

/**
 * Counts the tests of a JUnit report as `deno test` writes it.
 *
 * @throws {Error} If it does not add up, for then its form is not the one
 * that is known here.
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

/** The summary that a run ends with. */
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
