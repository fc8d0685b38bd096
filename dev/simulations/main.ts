/**
 * Runs the project's own simulations for long, on all processors: `--seeds=N` or
 * `--seeds=FIRST-LAST` for each of them, the beginnings of their names to choose
 * some.
 *
 * @module
 */

import { print, printError } from "../checks/_print.ts";
import { ROOT } from "../checks/_project.ts";
import { importFlags } from "../checks/npm_std.ts";
import { listScenarios, runScenario } from "./_scenario.ts";

/** How many seeds are run where none are named. */
const SEEDS = "1-1000";

/** How many seeds one process runs. */
const SLICE = 250;

/** A part of the seeds of one scenario. */
interface Slice {
  readonly scenario: string;
  readonly seeds: string;
  readonly count: number;
}

function slicesOf(scenarios: readonly string[], range: string): Slice[] {
  const [first = NaN, last = NaN] = (range.includes("-") ? range : `1-${range}`)
    .split("-", 2).map(Number);
  if (!(first > 0 && last >= first)) {
    printError(
      `Running simulations: '${range}' is no number or range of seeds`,
    );
    Deno.exit(2);
  }
  const slices: Slice[] = [];
  for (let from = first; from <= last; from += SLICE) {
    const to = Math.min(last, from + SLICE - 1);
    const part = { seeds: `${from}-${to}`, count: to - from + 1 };
    slices.push(...scenarios.map((scenario) => ({ scenario, ...part })));
  }
  return slices;
}

/** Runs all slices; returns an exit code. */
async function runSlices(slices: Slice[]): Promise<number> {
  const flags = await importFlags();
  let code = 0;
  const work = async () => {
    for (let it = slices.shift(); it !== undefined; it = slices.shift()) {
      const { scenario, seeds, count } = it;
      const startedAt = performance.now();
      const { failed, output } = await runScenario(scenario, {
        root: ROOT,
        flags,
        env: { DENOMAS_SEEDS: seeds },
      });
      const perSecond = count / (performance.now() - startedAt) * 1_000;
      print(
        `${scenario} ${seeds}: ${failed ? "FAILED" : "ok"}, ${
          perSecond.toFixed(1)
        } seeds a second`,
      );
      if (!failed) continue;
      printError(output);
      code = 1;
    }
  };
  await Promise.all(
    Array.from({ length: navigator.hardwareConcurrency }, work),
  );
  return code;
}

if (import.meta.main) {
  let seeds = SEEDS;
  const names: string[] = [];
  for (const arg of Deno.args) {
    if (arg.startsWith("--seeds=")) seeds = arg.slice("--seeds=".length);
    else if (!arg.startsWith("-")) names.push(arg);
    else {
      printError(
        `Running simulations: no option '${arg}', wanted --seeds=N or --seeds=FIRST-LAST`,
      );
      Deno.exit(2);
    }
  }
  const chosen = (await listScenarios()).filter((it) =>
    names.length === 0 || names.some((name) => it.startsWith(name))
  );
  if (chosen.length === 0) {
    printError(
      `Running simulations: none begins with '${names.join("' or '")}'`,
    );
    Deno.exit(2);
  }
  Deno.exit(await runSlices(slicesOf(chosen, seeds)));
}
