import { world } from "../../transports/internal.ts";
import type { CtxBody } from "../ctx_contract.ts";
import { runStep, type StepOptions } from "./_step.ts";
import { StepScope } from "./_step_scope.ts";
import type { PlannedStep } from "./_plan.ts";
import { rejectionError } from "./_verdict.ts";

/** The part of `Deno.TestContext` that tests need. */
export interface StepRunner {
  /** Runs a step, and reports it. */
  step(definition: {
    name: string;
    ignore?: boolean;
    fn: () => void | Promise<void>;
  }): Promise<boolean>;
}

/** Options for {@linkcode runTestCase}. */
export interface TestCaseOptions extends Omit<StepOptions, "scope"> {
  /** Receives the reports of failed steps. */
  readonly print?: (report: string) => void;
}

/**
 * Runs `body` in all steps, one after the other; each fails separately. The
 * steps after a body that does not end are skipped, since the body would still
 * be running beside them.
 *
 * @throws {StepError} If a promise of a step rejects after the step's end.
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
        for (const report of outcome.reports) print(report);
        throw outcome.failure.error;
      },
    });
  }
  await throwLateRejections(scopes, options.site);
}

/** Fails the whole test on rejections that come after the end of their step. */
async function throwLateRejections(
  scopes: ReadonlyMap<StepScope, string>,
  site: string,
): Promise<void> {
  await world.nextTurn();
  for (const [scope, step] of scopes) {
    const [reason] = scope.takeRejections();
    if (reason !== undefined) throw rejectionError({ step, site }, reason);
  }
}

function printReport(report: string): void {
  // deno-lint-ignore no-console -- reports are for the person who runs the test
  console.error(report);
}
