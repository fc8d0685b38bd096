/**
 * Watches that nothing gets slow: `deno task bench:guard`. It measures a few
 * ratios and ends with exit code 1 if the speed that one stands for has fallen
 * by more than a fifth below what `guard.json` holds, twice in a row. With
 * `--renew` it writes that file: do so on a quiet machine, when a change of
 * speed is meant.
 *
 * @module
 */
import { print, printError } from "./_print.ts";
import { Arena, type Transport } from "./_arena.ts";
import { type CompareEffort, Comparer } from "./_compare.ts";
import {
  GUARDED,
  hasFallen,
  type KnownRatios,
  rowOf,
  speedOf,
} from "./_guarded.ts";
import { describeMachine, warnOfLoad } from "../shared/machine.ts";
import { canPin } from "./_pin.ts";
import type { Comparison } from "./comparisons.ts";

/** Many short pairs: on a busy machine they stray less than few long ones. */
const EFFORT: CompareEffort = { pairs: 51, runMs: 20, loadedRunMs: 32 };
const FILE = new URL("guard.json", import.meta.url);
const TRANSPORTS: readonly Transport[] = ["tcp", "memory"];

/** Measures each row; `visit` may have it measured again. */
async function measureAll(
  visit: (
    comparison: Comparison,
    measure: () => Promise<number>,
  ) => Promise<void>,
): Promise<void> {
  const isPinned = await canPin();
  for (const transport of TRANSPORTS) {
    await using arena = new Arena({ isPinned });
    const comparer = new Comparer(arena, EFFORT);
    for (const comparison of GUARDED) {
      if (comparison.transport !== transport) continue;
      await visit(comparison, async () => {
        const { median } = await comparer.ratio(comparison);
        return speedOf(comparison, median);
      });
    }
  }
}

async function renew(): Promise<void> {
  const speeds: Record<string, number> = {};
  await measureAll(async (comparison, measure) => {
    const speed = Number((await measure()).toFixed(3));
    speeds[rowOf(comparison)] = speed;
    print(`${rowOf(comparison)}: ${speed}`);
  });
  const known: KnownRatios = { machine: describeMachine(), speeds };
  await Deno.writeTextFile(FILE, JSON.stringify(known, null, 2) + "\n");
}

/** Returns how many rows have fallen. */
async function guard(): Promise<number> {
  const known: KnownRatios = JSON.parse(await Deno.readTextFile(FILE));
  let fallen = 0;
  await measureAll(async (comparison, measure) => {
    const row = rowOf(comparison);
    const before = known.speeds[row]!;
    let speed = await measure();
    // Once may be by chance.
    if (hasFallen(speed, before)) speed = Math.max(speed, await measure());
    const change = ((speed / before - 1) * 100).toFixed(0);
    const line = `${row}: speed ${speed.toFixed(2)}, was ${
      before.toFixed(2)
    }, ${change} %`;
    if (hasFallen(speed, before)) {
      fallen++;
      printError(`${line}: fallen by more than a fifth`);
    } else print(line);
  });
  return fallen;
}

if (import.meta.main) {
  warnOfLoad();
  if (Deno.args.includes("--renew")) await renew();
  else {
    const fallen = await guard();
    print(`${fallen} of ${GUARDED.length} have fallen`);
    if (fallen > 0) Deno.exit(1);
  }
}
