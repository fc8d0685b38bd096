import type { PlannedFault } from "./trace/trace.ts";

/** The maximum number of runs to shrink one plan. */
const MOST_RUNS = 120;

/** The smallest reduction that is worth a run, in milliseconds. */
const LEAST_MS = 50;

/** A plan that still fails, and the number of runs to find it. */
export interface ShrunkPlan {
  readonly faults: readonly PlannedFault[];
  readonly runs: number;
}

/**
 * Searches for the fewest faults of a plan with which `fails` still returns
 * `true`, then for the shortest, and finally for the mildest ones.
 */
export async function shrinkPlan(
  plan: readonly PlannedFault[],
  fails: (faults: readonly PlannedFault[]) => Promise<boolean>,
): Promise<ShrunkPlan> {
  let runs = 0;
  const tried = async (faults: readonly PlannedFault[]) =>
    runs < MOST_RUNS && (runs++, await fails(faults));
  let faults = await alone(await fewer(plan, tried), tried);
  for (const reduce of [end, begin, amount]) {
    faults = await smaller(faults, reduce, tried);
  }
  return { faults, runs };
}

type Try = (faults: readonly PlannedFault[]) => Promise<boolean>;

/** Removes parts of the plan: first halves, finally single faults. */
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

/**
 * Tries whether a single fault suffices if it lasts as long as the whole plan.
 */
async function alone(
  plan: readonly PlannedFault[],
  fails: Try,
): Promise<readonly PlannedFault[]> {
  if (plan.length < 2) return plan;
  const endMs = Math.max(...plan.map(({ atMs, forMs }) => atMs + forMs));
  for (const fault of plan) {
    if (fault.forMs === 0) continue;
    const long = [{ ...fault, atMs: 0, forMs: endMs }];
    if (await fails(long)) return long;
  }
  return plan;
}

/** One way to make a fault smaller. */
interface Reduction {
  /** Returns the number to reduce towards 0. */
  of(fault: PlannedFault): number;
  /** Returns the fault with that number reduced by `step`. */
  less(fault: PlannedFault, step: number): PlannedFault;
}

const end: Reduction = {
  of: ({ forMs }) => forMs,
  less: (fault, step) => ({ ...fault, forMs: fault.forMs - step }),
};

const begin: Reduction = {
  of: ({ forMs }) => forMs,
  less: (fault, step) => ({
    ...fault,
    atMs: fault.atMs + step,
    forMs: fault.forMs - step,
  }),
};

const amount: Reduction = {
  of: ({ amountMs = 0 }) => Math.abs(amountMs),
  less: (fault, step) => {
    const { amountMs = 0 } = fault;
    return { ...fault, amountMs: amountMs - Math.sign(amountMs) * step };
  },
};

/** Halves a number of each fault while the plan still fails. */
async function smaller(
  plan: readonly PlannedFault[],
  { of, less }: Reduction,
  fails: Try,
): Promise<readonly PlannedFault[]> {
  let faults = plan;
  for (let at = 0; at < faults.length; at++) {
    let step = Math.floor(of(faults[at]!) / 2);
    while (step >= LEAST_MS) {
      const small = faults.with(at, less(faults[at]!, step));
      const isEnough = await fails(small);
      if (isEnough) faults = small;
      const most = Math.floor(of(faults[at]!) / 2);
      step = Math.min(isEnough ? step : Math.floor(step / 2), most);
    }
  }
  return faults;
}
