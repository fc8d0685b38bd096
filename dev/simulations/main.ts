/**
 * Runs the project's own simulations for a long time, on all processors.
 * `--seeds=N` or `--seeds=FIRST-LAST` sets the seeds for each simulation; other
 * arguments select simulations by the beginning of their names. `--mutants`
 * checks whether the simulations find faults that are put into the package on
 * purpose, within the given seeds.
 *
 * @module
 */

import { print, printError } from "../checks/_print.ts";
import { ROOT } from "../checks/_project.ts";
import { importFlags } from "../checks/npm_std.ts";
import { listScenarios, runScenario } from "./_scenario.ts";
import {
  applyMutant,
  copyProject,
  findMutant,
  listMutants,
  MOST_FAULTS,
  type Mutant,
} from "./mutants/mutants.ts";

/** The default seeds. */
const SEEDS = "1-1000";
const MUTANT_SEEDS = "1-500";

/** The number of seeds per process. */
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

/** Hunts one mutant in a copy of the project; prints how it was found. */
async function hunt(mutant: Mutant, seeds: string): Promise<boolean> {
  const flags = await importFlags();
  const root = await Deno.makeTempDir();
  try {
    await copyProject(root);
    const problem = await applyMutant(mutant, root);
    if (problem !== null) {
      printError(`${mutant.name}: cannot be applied: ${problem}`);
      return false;
    }
    const startedAt = performance.now();
    const found = await findMutant(mutant, { root, flags, seeds });
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(1);
    if (found === null) {
      printError(
        `${mutant.name}: NOT FOUND by '${mutant.scenario}', ${seconds} s`,
      );
      return false;
    }
    const { seed, faults, faultCount, failure, failsAgain } = found;
    print(
      `${mutant.name}: found by '${mutant.scenario}', seed ${seed}, ${faultCount} faults '${faults}', ${
        failsAgain ? "fails again" : "DOES NOT FAIL AGAIN"
      }, ${seconds} s: ${failure}`,
    );
    return failsAgain && faultCount <= MOST_FAULTS;
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** Hunts the mutants selected by `names`; returns an exit code. */
async function huntAll(
  names: readonly string[],
  seeds: string,
): Promise<number> {
  const chosen = (await listMutants()).filter((it) => isChosen(it.name, names));
  let found = 0;
  for (const mutant of chosen) if (await hunt(mutant, seeds)) found++;
  print(`${found} of ${chosen.length} mutants were found`);
  return found === chosen.length ? 0 : 1;
}

function isChosen(name: string, beginnings: readonly string[]): boolean {
  return beginnings.length === 0 ||
    beginnings.some((beginning) => name.startsWith(beginning));
}

if (import.meta.main) {
  let seeds: string | undefined;
  let isHunt = false;
  const names: string[] = [];
  for (const arg of Deno.args) {
    if (arg.startsWith("--seeds=")) seeds = arg.slice("--seeds=".length);
    else if (arg === "--mutants") isHunt = true;
    else if (!arg.startsWith("-")) names.push(arg);
    else {
      printError(
        `Running simulations: no option '${arg}', wanted --seeds=N, --seeds=FIRST-LAST or --mutants`,
      );
      Deno.exit(2);
    }
  }
  if (isHunt) Deno.exit(await huntAll(names, seeds ?? MUTANT_SEEDS));
  const chosen = (await listScenarios()).filter((it) => isChosen(it, names));
  if (chosen.length === 0) {
    printError(
      `Running simulations: none begins with '${names.join("' or '")}'`,
    );
    Deno.exit(2);
  }
  Deno.exit(await runSlices(slicesOf(chosen, seeds ?? SEEDS)));
}
