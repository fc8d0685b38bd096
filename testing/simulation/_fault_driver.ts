import type { NodeNetwork } from "./_node_network.ts";
import type { SimulatedProcess } from "./_process.ts";
import type { Scheduler } from "./_scheduler.ts";
import { describeFault } from "./plan.ts";
import type { PlannedFault } from "./trace/trace.ts";

/** The parts of a run that a {@linkcode FaultDriver} acts on. */
export interface FaultDriverOptions {
  readonly scheduler: Scheduler;
  readonly network: NodeNetwork;
  /** Returns the current life of a node, if there is a node of that name. */
  readonly processOf: (name: string) => SimulatedProcess | undefined;
  readonly crash: (name: string) => void;
  readonly restart: (name: string) => void;
  readonly tell: (node: string, text: string) => void;
}

/** Starts and ends the faults of a plan in virtual time. */
export class FaultDriver {
  readonly #options: FaultDriverOptions;
  readonly #planned: PlannedFault[] = [];
  readonly #added: PlannedFault[] = [];
  /** Functions that end the active faults. */
  readonly #ends = new Set<() => void>();
  #isCalm = false;

  constructor(options: FaultDriverOptions) {
    this.#options = options;
  }

  /** All faults so far, by start time. */
  get planned(): readonly PlannedFault[] {
    return this.#planned.toSorted((a, b) => a.atMs - b.atMs);
  }

  /** A fault whose node was never started, if there is one. */
  get astray(): PlannedFault | undefined {
    const { processOf } = this.#options;
    return this.#added.find(({ node }) => processOf(node) === undefined);
  }

  /** Adds faults. Each begins at its time, or now if that has passed. */
  plan(faults: readonly PlannedFault[]): void {
    this.#planned.push(...faults);
    for (const fault of faults) this.add(fault);
  }

  /** Adds a fault that the body requests and that is not part of the plan. */
  add(fault: PlannedFault): void {
    const { scheduler } = this.#options;
    this.#added.push(fault);
    scheduler.setTimer(fault.atMs - scheduler.now, () => this.#begin(fault));
  }

  /** Ends all faults, and prevents further ones. */
  calm(): void {
    this.#isCalm = true;
    for (const end of this.#ends) end();
  }

  #begin(fault: PlannedFault): void {
    const { scheduler, tell } = this.#options;
    if (this.#isCalm) return;
    tell(fault.node, describeFault(fault));
    const undo = this.#start(fault);
    if (undo === null) return;
    const end = () => {
      if (!this.#ends.delete(end)) return;
      timer.stop();
      tell(fault.node, `end of ${fault.kind} of '${fault.node}'`);
      undo();
    };
    this.#ends.add(end);
    const timer = scheduler.setTimer(fault.forMs, end);
  }

  /**
   * Starts a fault. Returns the function that ends it, or `null` for a
   * momentary fault.
   */
  #start({ kind, node, amountMs = 0 }: PlannedFault): (() => void) | null {
    const { network: nodes, processOf } = this.#options;
    const { network } = nodes;
    const owner = nodes.ownerOf(node);
    const until = (fault: Disposable) => () => fault[Symbol.dispose]();
    switch (kind) {
      case "partition":
        return until(network.partition({ of: owner }));
      case "hold":
        return until(network.hold({ of: owner }));
      case "delay":
        return until(network.delay({ of: owner, delayMs: amountMs }));
      case "reset":
        network.reset({ of: owner });
        return null;
      case "half-open":
        network.halfOpen({ of: owner, openAt: "client" });
        return null;
      case "crash":
        this.#options.crash(node);
        return () => this.#options.restart(node);
      case "pause":
        return this.#pause(processOf(node));
      case "skew":
        return this.#skew(processOf(node), amountMs);
    }
  }

  #pause(process: SimulatedProcess | undefined): (() => void) | null {
    if (process === undefined || process.isPaused) return null;
    process.pause();
    const { scheduler } = this.#options;
    return () => {
      // Each runs in its own turn, as it would have done without the pause.
      for (const run of process.resume()) scheduler.defer(run);
    };
  }

  #skew(
    process: SimulatedProcess | undefined,
    byMs: number,
  ): (() => void) | null {
    if (process === undefined) return null;
    process.skewMs += byMs;
    return () => void (process.skewMs -= byMs);
  }
}
