/**
 * Runs the tests and the examples in the docs, and prints their counts at the
 * end.
 *
 * Arguments that begin with `-` are passed to `deno test` (`--filter=name`).
 * Others select files by the beginning of their paths (`channel/`). Test files
 * run in parallel, except those with a line `// Serial: REASON`: they measure
 * time, and run one after another at the end. Types are checked by
 * `deno task check`. Leaks are always detected; `--trace-leaks` shows where
 * each began.
 *
 * @module
 */

import { runDeno } from "./_deno.ts";
import { print, printError } from "./_print.ts";
import { isGuide, isTest, listFiles, ROOT } from "./_project.ts";
import { addCounts, countTests, summary, type TestCounts } from "./junit.ts";
import { isProduct } from "./layout.ts";
import { importFlags } from "./npm_std.ts";

/**
 * Runs the tests selected by `args`, prints their counts as the last line, and
 * returns an exit code: 0 only if tests ran and none failed. `flags` are those
 * of the import map.
 */
export async function runTests(
  args: readonly string[],
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const files = await chooseFiles(await listFiles(), args);
  if (files.length === 0) {
    printError(`Choosing tests: no file begins with '${args.join("' or '")}'`);
    return 1;
  }
  const [parallel, serial] = await splitSerial(files);
  const options = args.filter((arg) => arg.startsWith("-"));
  const verdicts: Verdict[] = [];
  for (
    const [group, ...more] of [[parallel, "--parallel"], [serial]] as const
  ) {
    if (group.length === 0) continue;
    verdicts.push(
      await runGroup([...more, ...flags, ...options, ...group], {
        DENO_JOBS: JOBS,
        ...env,
      }),
    );
  }
  return concludeRun(verdicts);
}

/** Returns tests, guides and the modules with examples in their comments. */
async function chooseFiles(
  files: readonly string[],
  args: readonly string[],
): Promise<string[]> {
  const paths = args.filter((arg) => !arg.startsWith("-"));
  const chosen: string[] = [];
  for (const file of files) {
    const isAsked = paths.length === 0 ||
      paths.some((path) => file.startsWith(path));
    if (!isAsked) continue;
    // Deno would also run modules without examples, so leave them out.
    if (isTest(file) || isGuide(file) || await hasExamples(file)) {
      chosen.push(file);
    }
  }
  return chosen;
}

async function hasExamples(file: string): Promise<boolean> {
  if (!isProduct(file)) return false;
  const source = await Deno.readTextFile(`${ROOT}/${file}`);
  return /^ *\* ```ts$/m.test(source);
}

/**
 * The number of files to run at once: one more than there are processors, since
 * some tests wait for a process or a timer.
 */
const JOBS = Deno.env.get("DENO_JOBS") ??
  String(navigator.hardwareConcurrency + 1);

const SERIAL = /^\/\/ Serial: \S/m;

async function splitSerial(
  files: readonly string[],
): Promise<[parallel: string[], serial: string[]]> {
  const serial = new Set<string>();
  for (const file of files.filter(isTest)) {
    const source = await Deno.readTextFile(`${ROOT}/${file}`);
    if (SERIAL.test(source)) serial.add(file);
  }
  return [files.filter((file) => !serial.has(file)), [...serial]];
}

async function runGroup(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Verdict> {
  const report = await Deno.makeTempFile({ suffix: ".xml" });
  try {
    const code = await runDeno([
      ...["test", "--doc", "-A", "--no-check", "--shuffle"],
      ...[`--junit-path=${report}`, ...args],
    ], env);
    return judgeRun(code, await Deno.readTextFile(report));
  } finally {
    await Deno.remove(report);
  }
}

/** Prints the counts of all groups, and returns the exit code. */
function concludeRun(verdicts: readonly Verdict[]): number {
  for (const { problem } of verdicts) {
    if (problem !== undefined) printError(problem);
  }
  const counts = addCounts(verdicts.map((it) => it.counts));
  const hasRun = counts.passed + counts.failed > 0;
  if (!hasRun) printError("Running the tests: none ran, wanted some");
  print(summary(counts));
  return hasRun && counts.failed === 0 ? 0 : 1;
}

/** The outcome of one run of `deno test`. */
export interface Verdict {
  readonly counts: TestCounts;
  /** Why the run counts as failed, even if no single test has failed. */
  readonly problem?: string;
}

/**
 * Combines the runner's exit code with its report. A file that fails to load is
 * missing in the report, so it counts as one failure here.
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
  return { counts };
}

if (import.meta.main) {
  Deno.exit(await runTests(Deno.args, await importFlags()));
}
