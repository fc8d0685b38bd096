/**
 * Guards against slowdowns: `deno task bench:guard`. It measures a few ratios
 * and ends with exit code 1 if the speed behind one of them is more than 30 %
 * below the value in `guard.json`, twice in a row. `--renew` writes that file:
 * run it on a quiet machine after an intended change.
 *
 * @module
 */
import { print, printError } from "../checks/_print.ts";
import { describeMachine, warnOfLoad } from "../shared/machine.ts";
import { type CompareEffort, Comparer, nameOfComparison } from "./_compare.ts";
import { Harness } from "./_harness.ts";
import { canPin } from "./_pin.ts";
import { summarize } from "./_ratios.ts";
import { type Comparison, GUARDED, isSequential } from "./comparisons.ts";

/** On a busy machine, many short turns vary less than few long ones. */
const EFFORT: CompareEffort = {
  turns: 81,
  runMs: 12,
  limitMs: 6_000,
};
const FILE = new URL("guard.json", import.meta.url);
/**
 * The minimum share of a known speed. Ratios differ by up to 20 % between kinds
 * of processors.
 */
const LEAST_SHARE = 0.7;

/** Speeds of the subjects relative to their baselines, by comparison. */
type Speeds = Record<string, number>;

/** Converts a ratio to a speed, where higher is better. */
export function speedOf(comparison: Comparison, ratio: number): number {
  return isSequential(comparison) ? 1 / ratio : ratio;
}

/** Returns whether a speed has fallen by more than 30 %. */
export function hasFallen(speed: number, known: number): boolean {
  return speed < known * LEAST_SHARE;
}

/**
 * Measures each comparison, and repeats it if the speed has fallen, which may
 * happen once by chance.
 */
async function measureAll(known: Speeds): Promise<Speeds> {
  const isPinned = await canPin();
  const speeds: Speeds = {};
  for (const transport of ["tcp", "memory"]) {
    await using harness = new Harness(isPinned);
    const comparer = new Comparer(harness, EFFORT);
    for (const comparison of GUARDED) {
      if (comparison.transport !== transport) continue;
      const measure = async () =>
        speedOf(comparison, (await comparer.ratio(comparison)).median);
      const name = nameOfComparison(comparison);
      const before = known[name] ?? 0;
      let speed = await measure();
      if (hasFallen(speed, before)) speed = Math.max(speed, await measure());
      speeds[name] = Number(speed.toFixed(3));
      const change = ((speed / before - 1) * 100).toFixed(0);
      print(
        `${name}: speed ${speed.toFixed(2)}, was ${before.toFixed(2)}, ` +
          `${change} %`,
      );
    }
  }
  return speeds;
}

/** The number of runs whose medians `--renew` writes, each in new processes. */
const RENEWING_RUNS = 3;

/** Measures several times, since speed also varies between processes. */
async function measureOften(): Promise<Speeds> {
  const runs: Speeds[] = [];
  while (runs.length < RENEWING_RUNS) runs.push(await measureAll({}));
  return Object.fromEntries(
    Object.keys(runs[0]!).map((name) => [
      name,
      summarize(runs.map((speeds) => speeds[name]!)).median,
    ]),
  );
}

if (import.meta.main) {
  warnOfLoad();
  const known: { speeds: Speeds } = JSON.parse(await Deno.readTextFile(FILE));
  const isRenewing = Deno.args.includes("--renew");
  const speeds = isRenewing
    ? await measureOften()
    : await measureAll(known.speeds);
  if (isRenewing) {
    const file = { machine: describeMachine(), speeds };
    await Deno.writeTextFile(FILE, JSON.stringify(file, null, 2) + "\n");
  } else {
    const fallen = Object.entries(speeds)
      .filter(([name, speed]) => hasFallen(speed, known.speeds[name]!));
    for (const [name] of fallen) {
      printError(`${name}: fell by over three tenths`);
    }
    print(`${fallen.length} of ${GUARDED.length} have fallen`);
    if (fallen.length > 0) Deno.exit(1);
  }
}
