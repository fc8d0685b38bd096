import type { CtxBody } from "../ctx_contract.ts";
import { readVariable } from "../step/_environment.ts";
import { type PlannedStep, resolveSeed } from "../step/_plan.ts";
import { runStep, type StepOptions } from "../step/_step.ts";
import { StepScope } from "../step/_step_scope.ts";
import { explore } from "./_explore.ts";
import type { SimulationBody } from "./_outcome.ts";
import { planFor } from "./simulate.ts";
import { writeTimeline } from "./_timeline_file.ts";

/** Options for {@linkcode simulateStep}. */
export interface SimulatedStepOptions extends Omit<StepOptions, "scope"> {
  /** The name of the test. */
  readonly name: string;
  /** The number of seeds. */
  readonly seeds: number;
  readonly plan: Omit<PlannedStep, "seed">;
}

/** The virtual time limit of a body without a limit, in milliseconds. */
const ENDLESS_MS = 1e9;

/**
 * Runs the body of a `withCtx` test in simulated worlds, one for each seed, as
 * code outside of all nodes.
 *
 * @throws {SimulationError} If a seed fails, for example because of a leak.
 */
export async function simulateStep(
  body: CtxBody,
  { name, seeds, plan, ...options }: SimulatedStepOptions,
): Promise<void> {
  const simulated: SimulationBody = async ({ seed }) => {
    const step = { ...plan, seed: resolveSeed(seed) };
    const scope = new StepScope();
    // The run has the same limit, and ends at once if nothing can happen.
    const unlimited = { ...options, timeoutMs: Infinity, scope };
    const { failure } = await runStep(step, body, unlimited);
    if (failure !== null) throw failure.error;
  };
  const untilMs = Math.min(options.timeoutMs, ENDLESS_MS);
  const seedPlan = planFor({ seeds, untilMs }, { get: readVariable });
  await explore(simulated, {
    draw: (trace) => writeTimeline(name, trace),
    ...seedPlan,
  });
}
