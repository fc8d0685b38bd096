/**
 * Does everything that CI does, and stops at the first step that fails. The
 * tests come last, so that their counts are the last line. `--no-stress` leaves
 * the stress run out, `--no-guard` the guard of speed.
 *
 * @module
 */

import { runDeno } from "./_deno.ts";
import { print, printError } from "./_print.ts";
import { importFlags } from "./npm_std.ts";
import { runTests } from "./test.ts";

/** Something that has to succeed. */
interface Step {
  readonly name: string;
  /** Does it and returns an exit code. */
  run(): Promise<number>;
}

function tool(path: string, flags: readonly string[], ...args: string[]) {
  return runDeno(["run", "-A", ...flags, `dev/${path}`, ...args]);
}

/** Ends steps that still run when another one has failed. */
const failure = new AbortController();

/**
 * Returns the checks that run at the same time. The stress run has limits that
 * hold on a busy machine, too, and mostly waits.
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

/** Takes about a minute, closing included; the same seed each time. */
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
 * Prints which ratios fell; a busy machine is no failure. It needs the machine
 * for itself.
 */
async function runGuard(flags: readonly string[]): Promise<number> {
  const code = await tool("bench/guard.ts", flags);
  if (code !== 0) print(`Exit code ${code}, which does not count here`);
  return 0;
}

/** `deno publish` takes no import map, so it can be tried with JSR only. */
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
