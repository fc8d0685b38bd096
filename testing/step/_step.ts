import { ConnectionClosedError } from "../../channel/errors.ts";
import { observe } from "../../transports/internal.ts";
import { CleanUp } from "./_clean_up.ts";
import type { Ctx, CtxBody } from "../ctx_contract.ts";
import { Holdings } from "./_resources.ts";
import type { Leak } from "../ledger/_leak.ts";
import { Ledger } from "../ledger/_ledger.ts";
import { NetworkSlot } from "./_network_slot.ts";
import { Places } from "./_addresses.ts";
import type { PlannedStep } from "./_plan.ts";
import { type ReportedError, StepCtx } from "./_step_ctx.ts";
import type { StepScope } from "./_step_scope.ts";
import { type StepTls, stepTls } from "./_step_tls.ts";
import {
  asOne,
  leakError,
  rejectionError,
  reportedError,
  type StepIdentity,
  timeoutError,
} from "./_verdict.ts";
import { nextTurn, settledWithin } from "./_within.ts";

/** For how long a body whose time is up may end. */
const LAST_MS = 250;
/** How many turns of the event loop what was closed may take to be gone. */
const SETTLE_TURNS = 20;

/** What {@linkcode runStep} needs beyond the plan. */
export interface StepOptions {
  /** How long the body may take. */
  readonly timeoutMs: number;
  /** Whether to keep the stacks of what is opened. */
  readonly trace: boolean;
  /** File and line of the test. */
  readonly site: string;
  /** Collects the step's stray rejections. */
  readonly scope: StepScope;
}

/** How a step went. */
export interface StepOutcome {
  /** One error for all that went wrong, or `null`. */
  readonly failure: { readonly error: unknown } | null;
  /** The last messages, for a failure's report. */
  readonly chart: string | null;
  /** What the chances of its network were drawn from, if it used that. */
  readonly seed: number | null;
  /** The body's time was up, and it has not ended. */
  readonly isStillRunning: boolean;
}

/** Runs `body` in a world of its own, and judges what it leaves behind. */
export async function runStep(
  plan: PlannedStep,
  body: CtxBody,
  options: StepOptions,
): Promise<StepOutcome> {
  const tls = plan.transport === "tls" ? await stepTls() : null;
  const step = new Step(plan, options, tls);
  const stopObserving = observe(step.ledger);
  try {
    return await options.scope.run(() => step.run(body));
  } finally {
    stopObserving();
  }
}

class Step {
  readonly ledger: Ledger;
  readonly #options: StepOptions;
  readonly #identity: StepIdentity;
  readonly #cleanUp = new CleanUp();
  readonly #places: Places;
  readonly #holdings: Holdings;
  readonly #time = new AbortController();
  readonly #reported: ReportedError[] = [];
  readonly #problems: unknown[] = [];
  readonly #network: NetworkSlot;
  readonly #ctx: Ctx;

  constructor(plan: PlannedStep, options: StepOptions, tls: StepTls | null) {
    const { name, transport } = plan;
    const { scope, site, trace } = options;
    this.#options = options;
    this.#identity = { step: name, site };
    this.ledger = new Ledger({ trace, isCurrent: () => scope.isCurrent });
    this.#places = new Places(transport, this.#cleanUp);
    this.#holdings = new Holdings(name, this.#cleanUp, this.ledger);
    this.#network = new NetworkSlot({
      transport,
      tls: tls?.options ?? null,
      seed: plan.seed,
      places: this.#places,
      holdings: this.#holdings,
      ledger: this.ledger,
    });
    this.#ctx = new StepCtx({
      transport,
      codec: plan.codec,
      utcStart: plan.utcStart,
      places: this.#places,
      holdings: this.#holdings,
      network: this.#network,
      signal: this.#time.signal,
      reported: this.#reported,
      tls,
    });
  }

  async run(body: CtxBody): Promise<StepOutcome> {
    // Async, so that a body that throws at once is one that rejects.
    const running = (async () => await body(this.#ctx))();
    const ended = await settledWithin(running, this.#options.timeoutMs);
    if (ended === null) return await this.#endLate(running);
    if (ended.status === "rejected") this.#problems.push(ended.reason);
    this.#holdings.end();
    const leaks = this.ledger.readBeforeCleanUp();
    const hasPending = leaks.some(({ resource }) => resource === null);
    const rejections = await this.#earlyRejections();
    await this.#tidy(leaks);
    await this.#judge(leaks);
    this.#blame([
      ...rejections,
      // The leak that causes them is in the report already.
      ...this.#takeRejections(hasPending),
    ]);
    return this.#outcome(false);
  }

  /** The body's time is up: it is told so, and loses what it works with. */
  async #endLate(running: Promise<void>): Promise<StepOutcome> {
    const { timeoutMs } = this.#options;
    const open = this.ledger.describe();
    const error = timeoutError(this.#identity, timeoutMs, open);
    this.#problems.push(error);
    const leaks = this.ledger.readBeforeCleanUp();
    const rejections = await this.#earlyRejections();
    this.#holdings.end({ cause: error });
    this.#time.abort(error);
    await this.#tidy(leaks);
    // If it ends now, it ends because of all this: how says nothing new.
    const isStillRunning = await settledWithin(running, LAST_MS) === null;
    // What it did not end is listed as open, and it had no time to do so.
    if (!isStillRunning) await this.#judge([], leaks);
    this.#blame([...rejections, ...this.#takeRejections(true)]);
    return this.#outcome(isStillRunning);
  }

  /** Those of the body itself, before anything is taken from it. */
  async #earlyRejections(): Promise<unknown[]> {
    await nextTurn();
    return this.#options.scope.takeRejections();
  }

  /** Ends all that the step holds, and closes what it leaked. */
  async #tidy(leaks: readonly Leak[]): Promise<void> {
    for (const { resource, what } of leaks) {
      if (resource !== null) this.#cleanUp.add(what, () => close(resource));
    }
    this.#problems.push(...await this.#cleanUp.run());
  }

  /** What was closed may need some turns to be gone. */
  async #judge(
    before: readonly Leak[],
    known: readonly Leak[] = before,
  ): Promise<void> {
    for (let turn = 0; turn < SETTLE_TURNS; turn++) {
      await nextTurn();
      if (this.ledger.readAll().length === 0) break;
    }
    const isKnown = ({ resource }: Leak) =>
      resource !== null && known.some((it) => it.resource === resource);
    const error = leakError(this.#identity, {
      before,
      after: this.ledger.readAll().filter((leak) => !isKnown(leak)),
      files: this.#places.leftFiles,
      traced: this.#options.trace,
    });
    if (error !== null) this.#problems.push(error);
  }

  #takeRejections(isClosingExpected: boolean): unknown[] {
    return this.#options.scope.takeRejections().filter((reason) =>
      !(isClosingExpected && reason instanceof ConnectionClosedError) &&
      !this.#isEndOfTime(reason)
    );
  }

  #blame(rejections: readonly unknown[]): void {
    for (const reported of this.#reported.splice(0)) {
      if (this.#isEndOfTime(reported.error)) continue;
      this.#problems.push(reportedError(this.#identity, reported));
    }
    for (const reason of rejections) {
      this.#problems.push(rejectionError(this.#identity, reason));
    }
  }

  /** Whether `error` only says that the step's time is up. */
  #isEndOfTime(error: unknown): boolean {
    const { aborted, reason } = this.#time.signal;
    return aborted && error === reason;
  }

  #outcome(isStillRunning: boolean): StepOutcome {
    const failure = this.#problems.length === 0
      ? null
      : { error: asOne(this.#identity, this.#problems) };
    return {
      failure,
      chart: this.ledger.log.draw(),
      seed: this.#network.peek()?.seed ?? null,
      isStillRunning,
    };
  }
}

/** Ends a leak, so that the next test begins in a clean world. */
async function close(resource: object): Promise<void> {
  // Timers, handlers and files have nothing to close them by.
  if (!("close" in resource) || typeof resource.close !== "function") return;
  await resource.close({ graceMs: 0 });
}
