/**
 * Mutants: copies of the package with one defect each, as patches. If a
 * simulation does not find its mutant, its coverage is too low.
 *
 * @module
 */

import { listFiles, ROOT } from "../../checks/_project.ts";
import { parseFaults } from "../../../testing/simulation/plan.ts";
import { runScenario } from "../_scenario.ts";

const FOLDER = `${ROOT}/dev/simulations/mutants`;

/** The maximum number of faults in the plan that reveals a mutant. */
export const MOST_FAULTS = 3;

/** One mutant. */
export interface Mutant {
  /** The name of its file, without the extension. */
  readonly name: string;
  /** The name of the scenario that should find it. */
  readonly scenario: string;
  /** The defect. */
  readonly what: string;
  /** The path of its patch. */
  readonly patch: string;
}

/** The way in which a mutant was found. */
export interface Finding {
  readonly seed: number;
  /** The faults under which it fails, in the format of `DENOMAS_FAULTS`. */
  readonly faults: string;
  readonly faultCount: number;
  /** The failure. */
  readonly failure: string;
  /** Whether the printed line alone reproduces the same events. */
  readonly failsAgain: boolean;
}

/** Returns all mutants, by name. */
export async function listMutants(): Promise<Mutant[]> {
  const mutants: Mutant[] = [];
  for await (const { name: file } of Deno.readDir(FOLDER)) {
    if (!file.endsWith(".patch")) continue;
    const patch = `${FOLDER}/${file}`;
    const [first = "", what = ""] = (await Deno.readTextFile(patch)).split(
      "\n",
    );
    const scenario = /^Scenario: (\w+)$/.exec(first)?.[1] ?? "";
    const name = file.slice(0, -".patch".length);
    mutants.push({ name, scenario, what, patch });
  }
  return mutants.sort((a, b) => a.name < b.name ? -1 : 1);
}

/**
 * Applies a mutant to the project in the folder `root`, or only checks whether
 * it can be applied. Returns the problem, or `null`.
 */
export async function applyMutant(
  { patch }: Mutant,
  root: string,
  isCheck = false,
): Promise<string | null> {
  const { success, stderr } = await new Deno.Command("git", {
    args: ["apply", "-C1", ...isCheck ? ["--check"] : [], patch],
    cwd: root,
    stdin: "null",
  }).output();
  return success ? null : new TextDecoder().decode(stderr);
}

/** Copies the project to a folder. */
export async function copyProject(into: string): Promise<void> {
  for (const file of await listFiles()) {
    const target = `${into}/${file}`;
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), {
      recursive: true,
    });
    await Deno.copyFile(`${ROOT}/${file}`, target);
  }
}

/**
 * Hunts a mutant that is applied in `root`; returns `null` if it is not found.
 */
export async function findMutant(
  { scenario }: Mutant,
  { root, flags, seeds }: {
    readonly root: string;
    readonly flags: readonly string[];
    readonly seeds: string;
  },
): Promise<Finding | null> {
  const run = (env: Readonly<Record<string, string>>) =>
    runScenario(scenario, {
      root,
      flags,
      env: { DENOMAS_TIMELINES: `${root}/timelines`, ...env },
    });
  const { output } = await run({ DENOMAS_SEEDS: seeds });
  const line = /^again: DENOMAS_SEED=(\d+) DENOMAS_FAULTS='([^']*)'$/m
    .exec(output);
  if (line === null) return null;
  const [, seed, faults] = line;
  const again = await run({ DENOMAS_SEED: seed!, DENOMAS_FAULTS: faults! });
  const hashOf = (text: string) => /have the hash (\w{8})$/m.exec(text)?.[1];
  return {
    seed: Number(seed),
    faults: faults!,
    faultCount: parseFaults(faults!).length,
    failure: /Seed \d+ fails at [\d.]+ s: (.*)/.exec(output)?.[1] ?? "",
    failsAgain: hashOf(output) === hashOf(again.output),
  };
}
