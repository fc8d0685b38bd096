/**
 * Runs the tests and the examples in the docs, and ends with their counts.
 *
 * Arguments that begin with `-` go to `deno test` (`--filter=name`); others
 * choose files by the beginning of their paths (`channel/`). Leaks are found
 * either way; `--trace-leaks` shows where each began, and makes tests of many
 * timers and reads take four times as long.
 *
 * @module
 */

import { runDeno } from "./_deno.ts";
import { print, printError } from "./_print.ts";
import { isGuide, isTest, listFiles } from "./_project.ts";
import { countTests, summary, type TestCounts } from "./junit.ts";
import { isProduct } from "./layout.ts";
import { importFlags } from "./npm_std.ts";

/**
 * Runs the tests that `args` choose, prints their counts as the last line,
 * and returns an exit code: 0 only if tests ran and none failed. `flags` are
 * those of the import map.
 */
export async function runTests(
  args: readonly string[],
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const files = chooseFiles(await listFiles(), args);
  if (files.length === 0) {
    printError(`Choosing tests: no file begins with '${args.join("' or '")}'`);
    return 1;
  }
  const options = args.filter((arg) => arg.startsWith("-"));
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const code = await runDeno([
      ...["test", "--doc", "-A", "--shuffle"],
      ...[`--junit-path=${report}`, ...flags, ...options, ...files],
    ], env);
    return concludeRun(code, await Deno.readTextFile(report));
  } finally {
    await Deno.remove(report);
  }
}

/** Tests, modules and guides: all that `deno test --doc` finds tests in. */
function chooseFiles(
  files: readonly string[],
  args: readonly string[],
): string[] {
  const paths = args.filter((arg) => !arg.startsWith("-"));
  return files
    .filter((file) => isTest(file) || isProduct(file) || isGuide(file))
    .filter((file) =>
      paths.length === 0 || paths.some((path) => file.startsWith(path))
    );
}

/** Prints the counts of a run that ended with `code`. */
function concludeRun(code: number, report: string): number {
  const { counts, problem } = judgeRun(code, report);
  if (problem !== undefined) printError(problem);
  print(summary(counts));
  return problem === undefined && counts.failed === 0 ? 0 : 1;
}

/** What a run amounts to. */
export interface Verdict {
  /** What is printed. */
  readonly counts: TestCounts;
  /** Why the run counts as failed although no single test may have. */
  readonly problem?: string;
}

/**
 * Weighs the runner's exit code against its report. A file that does not
 * compile or load is in no report, so it is counted here, as one failure.
 */
export function judgeRun(code: number, report: string): Verdict {
  if (report === "") {
    return {
      counts: { passed: 0, failed: 1, skipped: 0 },
      problem: `Running the tests: exit code ${code} and no report, see above`,
    };
  }
  const counts = countTests(report);
  if (code !== 0 && counts.failed === 0) {
    return {
      counts: { ...counts, failed: 1 },
      problem: `Running the tests: exit code ${code} though no test failed, ` +
        "see above; counted as one failure",
    };
  }
  if (counts.passed + counts.failed === 0) {
    return { counts, problem: "Running the tests: none ran, wanted some" };
  }
  return { counts };
}

if (import.meta.main) {
  Deno.exit(await runTests(Deno.args, await importFlags()));
}
