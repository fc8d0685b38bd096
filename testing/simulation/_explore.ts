import { SimulationError } from "./errors.ts";
import { describeFault, formatFaults } from "./plan.ts";
import type { RunOutcome, SimulationBody } from "./_outcome.ts";
import { runSeed } from "./_run.ts";
import { drawTraceChart } from "./report/chart.ts";
import { shrinkPlan, type ShrunkPlan } from "./_shrink.ts";
import type { SimulateOptions } from "./contract.ts";
import type {
  PlannedFault,
  SimulationTrace,
  TraceEvent,
} from "./trace/trace.ts";

/** One passing seed in this many is run twice. */
const CHECKED_OF = 50;

/** Options for {@linkcode explore}. */
export interface ExploreOptions extends Omit<SimulateOptions, "seeds"> {
  /** The seeds to run, in this order. */
  readonly seeds: readonly number[];
  /**
   * Whether to shrink the plan of a failure.
   *
   * @default {true}
   */
  readonly isShrunk?: boolean;
  /**
   * Draws the trace of a failure into a file, once its plan is shrunk. Returns
   * the path, or `null` if the test may not write one.
   */
  readonly draw?: (trace: SimulationTrace) => Promise<string | null>;
}

/**
 * Runs `body` with each seed, until one fails.
 *
 * @throws {SimulationError} If a seed fails, with the smallest plan that fails.
 * @throws {Error} If a seed behaves differently when run twice, or a
 * `sometimes` property was true with none of several seeds.
 */
export async function explore(
  body: SimulationBody,
  { seeds, ...options }: ExploreOptions,
): Promise<void> {
  const unseen = new Set<string>();
  const seen = new Set<string>();
  for (const [at, seed] of seeds.entries()) {
    // A run over sockets cannot be repeated, so it is recorded at once.
    const isRecorded = options.sockets ?? false;
    const outcome = await runSeed(body, { ...options, seed, isRecorded });
    for (const [what, wasTrue] of outcome.sometimes) {
      (wasTrue ? seen : unseen).add(what);
    }
    const isFailure = outcome.failure !== null;
    if (!isFailure && at % CHECKED_OF !== 0) continue;
    if (!isRecorded) await checkTwice(body, { ...options, seed }, outcome);
    if (isFailure) throw await judge(body, { ...options, seed }, outcome);
  }
  const never = [...unseen].find((what) => !seen.has(what));
  if (never === undefined || seeds.length === 1) return;
  throw new Error(
    `Property '${never}': it must sometimes be true, but was false with all ${seeds.length} seeds, make it likelier or run more`,
  );
}

type SeedOptions = Omit<ExploreOptions, "seeds"> & { readonly seed: number };

async function checkTwice(
  body: SimulationBody,
  options: SeedOptions,
  first: RunOutcome,
): Promise<void> {
  const again = () => runSeed(body, { ...options, isRecorded: true });
  const second = await again();
  if (second.hash === first.hash) return;
  const third = await again();
  throw new Error(
    `Seed ${options.seed} is not the same twice: ${
      firstDifference(second.trace.events, third.trace.events)
    }; take time and chance from the simulation, and keep no state outside of the body`,
    { cause: first.failure?.error },
  );
}

/** Describes the first difference between two records of one seed. */
export function firstDifference(
  some: readonly TraceEvent[],
  others: readonly TraceEvent[],
): string {
  const describe = (event: TraceEvent | undefined) =>
    event === undefined ? "nothing" : describeEvent(event);
  const length = Math.max(some.length, others.length);
  for (let at = 0; at < length; at++) {
    const [one, other] = [describe(some[at]), describe(others[at])];
    if (one === other) continue;
    return `event ${at + 1} was '${one}' and then '${other}'`;
  }
  return "its events are equal, the turns and timers between them are not";
}

function describeEvent({ at, node, kind, text, to }: TraceEvent): string {
  const where = to === undefined || to === node ? node : `${node} → ${to}`;
  return `${(at / 1_000).toFixed(3)} s  ${where}  ${kind}: ${text}`;
}

/** Shrinks the plan of a failing seed, and returns the error for it. */
async function judge(
  body: SimulationBody,
  options: SeedOptions,
  first: RunOutcome,
): Promise<SimulationError> {
  const { draw, isShrunk = true, ...rest } = options;
  const sort = sortOf(first);
  const run = (faults: readonly PlannedFault[]) =>
    runSeed(body, { ...rest, faults, isRecorded: true });
  const plan = first.trace.faults;
  if (rest.sockets) {
    const drawing = await draw?.(first.trace) ?? null;
    const shrunk = { faults: plan, runs: 0 };
    return errorOf(options.seed, { plan, shrunk, outcome: first, drawing });
  }
  const fails = async (faults: readonly PlannedFault[]) =>
    sortOf(await run(faults)) === sort;
  const shrunk = isShrunk
    ? await shrinkPlan(plan, fails)
    : { faults: plan, runs: 0 };
  const last = await run(shrunk.faults);
  // With the shrunk plan the run may pass: then report the first run.
  const outcome = last.failure === null ? first : last;
  const drawing = await draw?.(outcome.trace) ?? null;
  return errorOf(options.seed, { plan, shrunk, outcome, drawing });
}

/** Identifies a kind of failure, ignoring the times and numbers it names. */
function sortOf({ failure }: RunOutcome): string | null {
  if (failure === null) return null;
  const { error } = failure;
  if (!(error instanceof Error)) return String(error);
  return `${error.name} ${error.message}`.replaceAll(/[\d.]+/g, "#");
}

function errorOf(
  seed: number,
  { plan, shrunk, outcome, drawing }: {
    readonly plan: readonly PlannedFault[];
    readonly shrunk: ShrunkPlan;
    readonly outcome: RunOutcome;
    readonly drawing: string | null;
  },
): SimulationError {
  const { failure, trace, endedAt, hash } = outcome;
  const error = failure?.error;
  const what = error instanceof Error ? error.message : String(error);
  const faults = formatFaults(trace.faults);
  const lines = [
    `Seed ${seed} fails at ${(endedAt / 1_000).toFixed(3)} s: ${what}`,
    ...(shrunk.runs > 0
      ? [
        `shrunk from ${plan.length} faults to ${shrunk.faults.length} in ${shrunk.runs} runs`,
      ]
      : []),
    ...trace.faults.map((fault) => `  ${describeFault(fault)}`),
    drawTraceChart(trace),
    ...(drawing === null ? [] : [`timeline: ${drawing}`]),
    `all of its events have the hash ${hash}`,
    `again: DENOMAS_SEED=${seed} DENOMAS_FAULTS='${faults}'`,
  ];
  return new SimulationError(lines.join("\n"), { seed, faults, cause: error });
}
