import { ConnectionClosedError } from "../../channel/errors.ts";
import { countListeners, listenersSince } from "../ledger/_listeners.ts";
import { observe, world } from "../../transports/internal.ts";
import type { CtxBody } from "../ctx_contract.ts";
import type { Leak } from "../ledger/_leak.ts";
import { Awaits } from "../ledger/_awaits.ts";
import { Ledger } from "../ledger/_ledger.ts";
import type { PlannedStep } from "./_plan.ts";
import { ResourceScope } from "./_resource_scope.ts";
import { settledWithin } from "./settled_within.ts";
import { StepCtx } from "./_step_ctx.ts";
import type { StepScope } from "./_step_scope.ts";
import { Addresses, type StepTls, stepTls } from "./_transports.ts";
import {
  asOne,
  leakError,
  rejectionError,
  type ReportedError,
  reportedError,
  type StepIdentity,
  type StepState,
  timeoutError,
} from "./_verdict.ts";

/** The time for a body to end after its time limit, in milliseconds. */
const LAST_MS = 250;
/**
 * The time limit for closed resources to disappear, and for methods, producers
 * and tasks to end, in milliseconds.
 */
const SETTLE_MS = 250;

/** Options for {@linkcode runStep}. */
export interface StepOptions {
  /** The time limit of the body, in milliseconds. */
  readonly timeoutMs: number;
  /** Whether leaks include whole stacks, instead of one line of user code. */
  readonly trace: boolean;
  /** The file and line of the test. */
  readonly site: string;
  /** Collects the step's stray rejections. */
  readonly scope: StepScope;
}

/** The result of a step. */
export interface StepOutcome {
  /** One error for all problems, or `null` if there are none. */
  readonly failure: { readonly error: unknown } | null;
  /** Texts for the report of a failure, such as the last messages. */
  readonly reports: readonly string[];
  /** Whether the body reached its time limit and is still running. */
  readonly isStillRunning: boolean;
}

/** Runs `body` as one step, and checks that it leaves nothing open. */
export async function runStep(
  plan: PlannedStep,
  body: CtxBody,
  options: StepOptions,
): Promise<StepOutcome> {
  const tls = plan.transport === "tls" ? await stepTls() : null;
  const step = new Step(plan, options, tls);
  const stopObserving = observe(step.ledger);
  using _awaits = step.awaits;
  try {
    return await options.scope.run(() => step.run(body));
  } finally {
    stopObserving();
  }
}

class Step {
  readonly ledger: Ledger;
  readonly awaits: Awaits;
  readonly #options: StepOptions;
  readonly #identity: StepIdentity;
  readonly #resources: ResourceScope;
  readonly #addresses: Addresses;
  readonly #time = new AbortController();
  readonly #reported: ReportedError[] = [];
  readonly #problems: unknown[] = [];
  readonly #listeners = countListeners();
  readonly #ctx: StepCtx;

  constructor(plan: PlannedStep, options: StepOptions, tls: StepTls | null) {
    const { scope, site, trace } = options;
    this.#options = options;
    this.#identity = { step: plan.name, site };
    this.ledger = new Ledger({ trace, isCurrent: () => scope.isCurrent });
    this.awaits = new Awaits(() => scope.isCurrent);
    this.#resources = new ResourceScope({
      step: plan.name,
      keep: (resource) => this.ledger.keep(resource),
    });
    this.#addresses = new Addresses(plan.transport, this.#resources);
    this.#ctx = new StepCtx({
      plan,
      tls,
      scope: this.#resources,
      addresses: this.#addresses,
      ledger: this.ledger,
      signal: this.#time.signal,
      reported: this.#reported,
    });
  }

  async run(body: CtxBody): Promise<StepOutcome> {
    const running = Promise.try(body, this.#ctx);
    const ended = await settledWithin(running, this.#options.timeoutMs);
    const isLate = ended === null;
    if (ended?.status === "rejected") this.#problems.push(ended.reason);
    // Stop opening resources before leaks are read.
    if (!isLate) this.#resources.end();
    const state = isLate
      ? {
        waits: [...this.ledger.describeWaits(), ...this.#describeAwaits()],
        open: this.ledger.describeOpen(),
      }
      : null;
    const leaks = this.ledger.readBeforeCleanUp();
    await world.nextTurn();
    const rejections = this.#options.scope.takeRejections();
    if (state !== null) this.#endTime(state);
    await this.#closeAll(leaks);
    const isStillRunning = isLate &&
      await settledWithin(running, LAST_MS) === null;
    // A late body had no time to close the resources already listed as open.
    if (!isStillRunning) await this.#judgeLeaks(leaks, { isLate });
    // Pending calls are already reported, and end with their connections.
    const isClosingExpected = isLate ||
      leaks.some(({ resource }) => resource === null);
    this.#judgeErrors(rejections, isClosingExpected);
    // If there is another problem, most waiting code waits because of it.
    if (this.#problems.length === 0) await this.#judgeAwaits();
    return this.#outcome(isStillRunning);
  }

  /** Tells the body that its time is up, and closes its resources. */
  #endTime(state: StepState): void {
    const { timeoutMs } = this.#options;
    const error = timeoutError(this.#identity, timeoutMs, state);
    this.#problems.push(error);
    this.#resources.end({ cause: error });
    this.#time.abort(error);
  }

  /** Closes everything, including leaks, so that the next test starts clean. */
  async #closeAll(leaks: readonly Leak[]): Promise<void> {
    for (const { resource, what } of leaks) {
      if (resource === null) continue;
      this.#resources.defer(what, () => close(resource));
    }
    this.#problems.push(...await this.#resources.close());
  }

  async #judgeLeaks(
    before: readonly Leak[],
    { isLate }: { readonly isLate: boolean },
  ): Promise<void> {
    await settledWithin(this.ledger.emptied(), SETTLE_MS);
    // Rejections caused by the clean-up are reported in the next turn.
    await world.nextTurn();
    const known = new Set(before.map(({ resource }) => resource ?? undefined));
    const error = leakError(this.#identity, {
      before: isLate ? [] : before,
      after: this.ledger.readAll()
        .filter(({ resource }) => resource === null || !known.has(resource)),
      others: [
        ...this.#addresses.leftFiles,
        ...listenersSince(this.#listeners),
      ],
      traced: this.#options.trace,
    });
    if (error !== null) this.#problems.push(error);
  }

  /** Reports async functions that are still waiting. */
  async #judgeAwaits(): Promise<void> {
    if (await settledWithin(this.awaits.ended(), SETTLE_MS) !== null) return;
    const error = leakError(this.#identity, {
      before: [],
      after: [],
      others: this.#describeAwaits(),
      traced: true,
    });
    if (error !== null) this.#problems.push(error);
  }

  #describeAwaits(): string[] {
    return this.awaits.lines().map((line) =>
      `async function that waits\n${line}`
    );
  }

  /** Reports errors of handlers, and rejections before and during clean-up. */
  #judgeErrors(early: readonly unknown[], isClosingExpected: boolean): void {
    for (const reported of this.#reported.splice(0)) {
      if (this.#isEndOfTime(reported.error)) continue;
      this.#problems.push(reportedError(this.#identity, reported));
    }
    const late = this.#options.scope.takeRejections().filter((reason) =>
      !(isClosingExpected && reason instanceof ConnectionClosedError) &&
      !this.#isEndOfTime(reason)
    );
    for (const reason of [...early, ...late]) {
      this.#problems.push(rejectionError(this.#identity, reason));
    }
  }

  /** Whether `error` is only the notice that the step's time is up. */
  #isEndOfTime(error: unknown): boolean {
    const { aborted, reason } = this.#time.signal;
    return aborted && error === reason;
  }

  #outcome(isStillRunning: boolean): StepOutcome {
    if (this.#problems.length === 0) {
      return { failure: null, reports: [], isStillRunning };
    }
    return {
      failure: { error: asOne(this.#identity, this.#problems) },
      reports: [this.ledger.log.draw(), this.#ctx.describeSeed()]
        .filter((report) => report !== null),
      isStillRunning,
    };
  }
}

async function close(resource: object): Promise<void> {
  // Timers, handlers and files have no method to close them.
  if ("close" in resource && typeof resource.close === "function") {
    await resource.close({ graceMs: 0 });
  } else if (Symbol.asyncDispose in resource) {
    await (resource as AsyncDisposable)[Symbol.asyncDispose]();
  }
}
