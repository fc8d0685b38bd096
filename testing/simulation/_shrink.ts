import type { PlannedFault } from "./trace/trace.ts";

/** The most runs that one plan is shrunk with. */
const MOST_RUNS = 120;

/** The shortest fault that is worth a run, in virtual milliseconds. */
const LEAST_MS = 50;

/** A plan that still fails, and the number of runs that it took to find it. */
export interface ShrunkPlan {
  readonly faults: readonly PlannedFault[];
  readonly runs: number;
}

/**
 * Looks for the fewest faults of a plan with which `fails` still returns `true`,
 * and then for the shortest ones.
 */
export async function shrinkPlan(
  plan: readonly PlannedFault[],
  fails: (faults: readonly PlannedFault[]) => Promise<boolean>,
): Promise<ShrunkPlan> {
  let runs = 0;
  const tried = async (faults: readonly PlannedFault[]) =>
    runs < MOST_RUNS && (runs++, await fails(faults));
  const fewest = await fewer(plan, tried);
  return { faults: await shorter(fewest, tried), runs };
}

type Try = (faults: readonly PlannedFault[]) => Promise<boolean>;

/** Leaves out parts of the plan, at first half of it, at last one fault. */
async function fewer(
  plan: readonly PlannedFault[],
  fails: Try,
): Promise<readonly PlannedFault[]> {
  if (plan.length === 0 || await fails([])) return [];
  let faults = plan;
  let size = Math.ceil(faults.length / 2);
  while (faults.length > 1) {
    let at = 0;
    let isFewer = false;
    while (at < faults.length) {
      const rest = faults.toSpliced(at, size);
      if (rest.length > 0 && await fails(rest)) {
        faults = rest;
        isFewer = true;
      } else at += size;
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (!isFewer) break;
  }
  return faults;
}

/** Halves the length of each fault for as long as that fails. */
async function shorter(
  plan: readonly PlannedFault[],
  fails: Try,
): Promise<readonly PlannedFault[]> {
  let faults = plan;
  for (let at = 0; at < faults.length; at++) {
    let stepMs = Math.floor(faults[at]!.forMs / 2);
    while (stepMs >= LEAST_MS) {
      const fault = faults[at]!;
      const short = faults.with(at, { ...fault, forMs: fault.forMs - stepMs });
      const isEnough = await fails(short);
      if (isEnough) faults = short;
      const mostMs = Math.floor(faults[at]!.forMs / 2);
      stepMs = Math.min(isEnough ? stepMs : Math.floor(stepMs / 2), mostMs);
    }
  }
  return faults;
}
