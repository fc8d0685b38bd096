/**
 * Does everything that CI does, in this order, and stops at the first step
 * that fails. The tests come last, so that their counts are the last line.
 * `--no-ordeal` leaves the ordeal out, `--no-guard` the guard of speed.
 *
 * @module
 */

import { runDeno } from "./_deno.ts";
import { print, printError } from "./_print.ts";
import { checkTypes } from "./check.ts";
import { lintDocs } from "./doc_lint.ts";
import { importFlags } from "./npm_std.ts";
import { runTests } from "./test.ts";

/** Something that has to succeed. */
interface Step {
  readonly name: string;
  /** Does it and returns an exit code. */
  run(): Promise<number>;
}

/** The steps on a machine that needs these flags of the import map. */
function steps(flags: readonly string[]): Step[] {
  return [
    { name: "format", run: () => runDeno(["fmt", "--check"]) },
    { name: "lint", run: () => runDeno(["lint"]) },
    { name: "types", run: () => checkTypes(flags) },
    { name: "docs", run: () => lintDocs(flags) },
    { name: "layers", run: () => runTool("layers.ts") },
    { name: "exports", run: () => runTool("exports.ts") },
    { name: "publish", run: () => tryPublish(flags) },
    { name: "ordeal", run: () => runOrdeal(flags) },
    { name: "guard of speed", run: () => runGuard(flags) },
    { name: "tests", run: () => runTests([], flags) },
  ];
}

function runTool(name: string): Promise<number> {
  return runDeno(["run", "-A", `dev/checks/${name}`]);
}

/** Whether the arguments leave a step out. */
function isLeftOut(flag: string): boolean {
  const isAsked = Deno.args.includes(flag);
  if (isAsked) print("Left out, as asked for");
  return isAsked;
}

/** A run of two minutes, with the same seed each time. */
function runOrdeal(flags: readonly string[]): Promise<number> {
  if (isLeftOut("--no-ordeal")) return Promise.resolve(0);
  const args = ["dev/stress/main.ts", "--seconds=120", "--seed=1"];
  return runDeno(["run", "-A", "--v8-flags=--expose-gc", ...flags, ...args]);
}

/** It tells of what got slow, but a busy machine is no failure. */
async function runGuard(flags: readonly string[]): Promise<number> {
  if (isLeftOut("--no-guard")) return 0;
  const code = await runDeno(["run", "-A", ...flags, "dev/bench/guard.ts"]);
  if (code !== 0) print(`Exit code ${code}, which does not count here`);
  return 0;
}

/** `deno publish` takes no import map, so it can be tried with JSR only. */
function tryPublish(flags: readonly string[]): Promise<number> {
  if (flags.length === 0) {
    return runDeno(["publish", "--dry-run", "--allow-dirty"]);
  }
  print("Left out: JSR does not answer here");
  return Promise.resolve(0);
}

if (import.meta.main) {
  for (const { name, run } of steps(await importFlags())) {
    print(`\n── ${name}`);
    const start = performance.now();
    const code = await run();
    // The tests have said it all, and their counts are to stay the last line.
    if (name === "tests") Deno.exit(code);
    if (code !== 0) {
      printError(`\nok stops at '${name}': exit code ${code}, wanted 0`);
      Deno.exit(1);
    }
    print(`── ${name}: ${((performance.now() - start) / 1000).toFixed(1)} s`);
  }
}
