import { Agent, type Container, type Group } from "@denomas/denomas/agent";
import { call, expose, notify, type Remote } from "@denomas/denomas/rpc";
import {
  type Bid,
  bidOf,
  byPrice,
  type ContractorPlan,
  durationOf,
  type ManagerPlan,
  ROUNDS,
  type Task,
} from "./plan.ts";

/** The outcome of an award. All times are in seconds since the start. */
export interface Entry {
  readonly task: number;
  readonly contractor: string;
  readonly price: number;
  readonly from: number;
  readonly to: number;
  readonly end: Report | "lost";
}

/** How a contractor ended a job: normally, or after a breakdown. */
type Report = "done" | "repaired";

/** The state that a contractor keeps across restarts. */
interface ContractorState {
  /** The number of finished jobs. */
  readonly jobs: number;
  job: {
    readonly task: Task;
    readonly from: number;
    /** The address of the job's manager. */
    readonly manager: string;
  } | null;
}

/** Handles errors, and prints those that are not planned breakdowns. */
export function onError(error: unknown): void {
  if (`${error}` === `${BREAKDOWN}`) return;
  // deno-lint-ignore no-console -- there is nobody else to tell
  console.error(error);
}

const BREAKDOWN = new Error("It broke down");

/**
 * Records the awards of all managers. It lives in the hall, as the groups do.
 */
export class Ledger extends Agent {
  readonly entries: Entry[] = [];

  @expose
  enter(entry: Entry): void {
    this.entries.push(entry);
  }
}

/** Awards tasks to the lowest bidders, and again if those are lost. */
export class Manager extends Agent {
  readonly #plan: ManagerPlan;
  readonly #hall: string;
  readonly #contractors: Group<Contractor>;
  /** Resolved by the reports of contractors, by task. */
  readonly #reports = new Map<number, PromiseWithResolvers<Report>>();
  #ledger!: Remote<Ledger>;
  #start = 0;

  constructor(container: Container, plan: ManagerPlan, hall: string) {
    super(container, { id: plan.name });
    this.#plan = plan;
    this.#hall = hall;
    this.#contractors = container.group("contractors", { home: hall });
  }

  protected override async onStart() {
    const { container } = this;
    this.#ledger = await container.connect<Ledger>(`${this.#hall}/ledger`);
    await container.group("managers", { home: this.#hall }).join(this);
  }

  /** Starts the week. */
  @expose
  begin(): void {
    this.#start = this.container.clock.time();
    for (const task of this.#plan.tasks) {
      this.run((signal) => this.#manage(task, signal));
    }
  }

  /** Receives the report that a task is done. */
  @expose
  report(task: number, report: Report): void {
    this.#reports.get(task)?.resolve(report);
  }

  async #manage(task: Task, signal: AbortSignal): Promise<void> {
    const { clock } = this.container;
    const time = () => clock.time() - this.#start;
    await clock.sleep(task.at, { signal });
    for (let round = 0; round < ROUNDS; round++) {
      const bid = await this.#award(task, signal);
      if (bid !== null) {
        const { member, name: contractor, price } = bid;
        const from = time();
        const end = await this.#end(task, member, signal);
        const to = time();
        await this.#ledger
          .enter({ task: task.id, contractor, price, from, to, end });
        if (end !== "lost") return;
      }
      await clock.sleep(task.pause, { signal });
    }
  }

  /**
   * Calls for proposals, and awards the task to the best bid that is still
   * valid.
   */
  async #award(task: Task, signal: AbortSignal) {
    // No answers if even the hall did not answer in time, which happens in real
    // time.
    const answers = await this.#contractors
      .ask({ within: task.deadline, signal }).propose(task).catch(() => []);
    const bids = answers
      .flatMap(({ member, value }) => value ? [{ member, ...value }] : []);
    for (const bid of bids.sort(byPrice)) {
      try {
        const contractor = await this.container.connect<Contractor>(bid.member);
        if (await contractor.award(task, this.address)) return bid;
      } catch {
        // The contractor is gone, or restarting: try the next one.
      }
    }
    return null;
  }

  /** Waits for a report, or for the loss of the contractor. */
  async #end(
    { id }: Task,
    contractor: string,
    signal: AbortSignal,
  ): Promise<Entry["end"]> {
    const report = Promise.withResolvers<Report>();
    this.#reports.set(id, report);
    const over = new AbortController();
    const either = AbortSignal.any([signal, over.signal]);
    const lost = this.#lost(contractor, either);
    try {
      return await Promise.race([report.promise, lost]);
    } finally {
      over.abort();
    }
  }

  /**
   * Resolves when an agent is gone together with its container, so it is not
   * restarted.
   */
  async #lost(address: string, signal: AbortSignal): Promise<"lost"> {
    for (;;) {
      const { scope } = await this.container.watch(address, { signal });
      if (scope === "container") return "lost";
      await this.container.clock.sleep(1, { signal });
    }
  }
}

/** Bids for tasks, and works on one at a time, even after a breakdown. */
export class Contractor extends Agent {
  readonly #plan: ContractorPlan;
  readonly #hall: string;
  #state: ContractorState = { jobs: 0, job: null };
  #isRepaired = false;

  constructor(container: Container, plan: ContractorPlan, hall: string) {
    const onFailure = { restarts: 3, backoff: { initialMs: 1 } };
    super(container, { id: plan.name, onFailure });
    this.#plan = plan;
    this.#hall = hall;
  }

  protected override snapshot(): ContractorState {
    return this.#state;
  }

  protected override restore(state: ContractorState) {
    this.#state = state;
    this.#isRepaired = true;
  }

  protected override async onStart() {
    if (this.#state.job !== null) this.run((signal) => this.#work(signal));
    await this.container.group("contractors", { home: this.#hall }).join(this);
  }

  /**
   * Answers a call for proposals after some thought, unless it is then busy.
   */
  @expose({ concurrent: true })
  async propose(task: Task): Promise<Bid | null> {
    const { signal } = call();
    const { thinks, ...bid } = bidOf(this.#plan, task);
    await this.container.clock.sleep(thinks, { signal });
    return this.#state.job === null ? bid : null;
  }

  /** Accepts a job, if the contractor has none. */
  @expose
  async award(task: Task, manager: string): Promise<boolean> {
    if (this.#state.job !== null) return false;
    const from = this.container.clock.time();
    this.#state.job = { task, from, manager };
    await this.save();
    this.run((signal) => this.#work(signal));
    return true;
  }

  async #work(signal: AbortSignal): Promise<void> {
    const { clock } = this.container;
    const { jobs, job } = this.#state;
    const { task, manager, from } = job!;
    const duration = durationOf(this.#plan, task, jobs);
    const breaks = jobs === this.#plan.breaksAfter;
    if (breaks && !this.#isRepaired) {
      await clock.sleepUntil(from + duration / 3, { signal });
      throw BREAKDOWN;
    }
    await clock.sleepUntil(from + duration, { signal });
    this.#state = { jobs: jobs + 1, job: null };
    await this.save();
    try {
      const remote = await this.container.connect<Manager>(manager);
      notify(remote).report(task.id, breaks ? "repaired" : "done");
    } catch {
      // The manager is gone, but the work is done.
    }
  }
}
