import type { CtxBody } from "../ctx_contract.ts";
import { runStep, type StepOptions } from "./_step.ts";
import { StepScope } from "./_step_scope.ts";
import type { PlannedStep } from "./_plan.ts";
import { describeSeed } from "./_environment.ts";
import { rejectionError } from "./_verdict.ts";
import { nextTurn } from "./_within.ts";

/** What is used of `Deno.TestContext`. */
export interface StepRunner {
  /** Runs a step, and reports it. */
  step(definition: {
    name: string;
    ignore?: boolean;
    fn: () => void | Promise<void>;
  }): Promise<boolean>;
}

/** What {@linkcode runTestCase} needs beyond the steps and their body. */
export interface TestCaseOptions extends Omit<StepOptions, "scope"> {
  /** Where reports of failed steps go. */
  readonly print?: (report: string) => void;
}

/**
 * Runs `body` in all steps, one after the other. A step fails on its own; the
 * steps after one whose body does not end are skipped, since it would still
 * be at work in their world.
 *
 * @throws {StepError} If a rejection of a step came after its end.
 */
export async function runTestCase(
  runner: StepRunner,
  steps: readonly PlannedStep[],
  body: CtxBody,
  options: TestCaseOptions,
): Promise<void> {
  const scopes = new Map<StepScope, string>();
  using _listening = StepScope.collectRejections(scopes);
  let endless: string | null = null;
  for (const plan of steps) {
    const reason = plan.ignoredBecause ??
      (endless === null
        ? null
        : `skipped: the body of '${endless}' has not ended`);
    if (reason !== null) {
      const name = `${plan.name} (${reason})`;
      await runner.step({ name, ignore: true, fn: () => {} });
      continue;
    }
    const scope = new StepScope();
    scopes.set(scope, plan.name);
    await runner.step({
      name: plan.name,
      fn: async () => {
        const outcome = await runStep(plan, body, { ...options, scope });
        if (outcome.isStillRunning) endless = plan.name;
        if (outcome.failure === null) return;
        const { print = printReport } = options;
        if (outcome.chart !== null) print(outcome.chart);
        if (outcome.seed !== null) print(describeSeed(outcome.seed));
        throw outcome.failure.error;
      },
    });
  }
  await throwLateRejections(scopes, options.site);
}

/** A rejection that came after its step cannot fail it any more. */
async function throwLateRejections(
  scopes: ReadonlyMap<StepScope, string>,
  site: string,
): Promise<void> {
  await nextTurn();
  for (const [scope, step] of scopes) {
    const [reason] = scope.takeRejections();
    if (reason !== undefined) throw rejectionError({ step, site }, reason);
  }
}

function printReport(report: string): void {
  // deno-lint-ignore no-console -- reports are for the person who runs the test
  console.error(report);
}
