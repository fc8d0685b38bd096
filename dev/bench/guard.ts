/**
 * Watches that nothing gets slow: `deno task bench:guard`. It measures a few
 * ratios and ends with exit code 1 if the speed behind one has fallen by more
 * than three tenths below that in `guard.json`, twice in a row. `--renew` writes
 * that file: run it on a quiet machine after a change that is meant.
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

/** Many short turns stray less on a busy machine than few long ones. */
const EFFORT: CompareEffort = {
  turns: 81,
  runMs: 12,
  limitMs: 6_000,
};
const FILE = new URL("guard.json", import.meta.url);
/**
 * The share of a known speed that may be left. Ratios differ by up to a fifth
 * from one kind of processor to another.
 */
const LEAST_SHARE = 0.7;

/** Speeds of the subjects, as shares of their baselines, by comparison. */
type Speeds = Record<string, number>;

/** Returns the speed that a ratio stands for: more is better. */
export function speedOf(comparison: Comparison, ratio: number): number {
  return isSequential(comparison) ? 1 / ratio : ratio;
}

/** Returns whether a speed has fallen by more than three tenths. */
export function hasFallen(speed: number, known: number): boolean {
  return speed < known * LEAST_SHARE;
}

/** Measures each comparison, again if it has fallen: once may be by chance. */
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

/** Runs whose medians `--renew` writes, each with processes of its own. */
const RENEWING_RUNS = 3;

/** Measures several times, since processes of one program differ, too. */
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
