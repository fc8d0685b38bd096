/**
 * Runs all steps of CI, and stops at the first failure. The tests come last, so
 * that their counts are the last line. `--no-stress` skips the stress run,
 * `--no-guard` the performance guard.
 *
 * @module
 */

import { runDeno } from "./_deno.ts";
import { print, printError } from "./_print.ts";
import { importFlags } from "./npm_std.ts";
import { runTests } from "./test.ts";

/** A step that must succeed. */
interface Step {
  readonly name: string;
  /** Runs the step and returns an exit code. */
  run(): Promise<number>;
}

function tool(path: string, flags: readonly string[], ...args: string[]) {
  return runDeno(["run", "-A", ...flags, `dev/${path}`, ...args]);
}

/** Ends the steps that are still running when another one has failed. */
const failure = new AbortController();

/**
 * Returns the checks that run in parallel. The stress run is among them: its
 * limits also hold on a busy machine, and it mostly waits.
 */
function checks(flags: readonly string[]): Step[] {
  return [
    { name: "format", run: () => runDeno(["fmt", "--quiet", "--check"]) },
    { name: "lint", run: () => runDeno(["lint", "--quiet"]) },
    { name: "types", run: () => tool("checks/check.ts", flags) },
    { name: "docs", run: () => tool("checks/doc_lint.ts", flags) },
    { name: "layers", run: () => tool("checks/layers.ts", flags) },
    { name: "exports", run: () => tool("checks/exports.ts", flags) },
    { name: "publish", run: () => tryPublish(flags) },
    { name: "stress", run: () => runStress(flags) },
  ];
}

/** Takes about a minute, including closing; uses the same seed each time. */
function runStress(flags: readonly string[]): Promise<number> {
  const gc = "--v8-flags=--expose-gc";
  const options = ["run", "-A", gc, ...flags];
  return runDeno(
    [...options, "dev/stress/main.ts", "--seconds=30", "--seed=1"],
    {},
    failure.signal,
  );
}

/**
 * Prints the ratios that fell. The result does not count, since the machine may
 * be busy. The guard must run alone.
 */
async function runGuard(flags: readonly string[]): Promise<number> {
  const code = await tool("bench/guard.ts", flags);
  if (code !== 0) print(`Exit code ${code}, which does not count here`);
  return 0;
}

/** `deno publish` accepts no import map, so it can be tried only with JSR. */
function tryPublish(flags: readonly string[]): Promise<number> {
  if (flags.length === 0) {
    return runDeno(["publish", "--dry-run", "--allow-dirty", "--no-check"]);
  }
  print("Publish is not tried: JSR does not answer here");
  return Promise.resolve(0);
}

/** Runs a step and exits if it fails. */
async function runStep({ name, run }: Step): Promise<void> {
  const start = performance.now();
  const code = await run();
  if (code !== 0) {
    failure.abort();
    printError(`\nok stops at '${name}': exit code ${code}, wanted 0`);
    Deno.exit(1);
  }
  print(`── ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
}

if (import.meta.main) {
  const flags = await importFlags();
  const isWanted = ({ name }: Step) => !Deno.args.includes(`--no-${name}`);
  await Promise.all(checks(flags).filter(isWanted).map(runStep));
  const guard = { name: "guard", run: () => runGuard(flags) };
  if (isWanted(guard)) await runStep(guard);
  print("── tests");
  Deno.exit(await runTests([], flags));
}
