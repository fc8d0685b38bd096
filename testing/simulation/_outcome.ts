import type { SimulateOptions, Simulation } from "./contract.ts";
import type { SimulationTrace } from "./trace/trace.ts";

/** The body of a simulated test. */
export type SimulationBody = (sim: Simulation) => void | Promise<void>;

/** The outcome of one run of one seed. */
export interface RunOutcome {
  /** The failure, or `null`. */
  readonly failure: { readonly error: unknown } | null;
  /** The hash of all events. */
  readonly hash: string;
  /** The trace. It contains events only if they were recorded. */
  readonly trace: SimulationTrace;
  /** For each `sometimes` property, whether it was `true` at least once. */
  readonly sometimes: ReadonlyMap<string, boolean>;
  /** The virtual time at the end, in milliseconds. */
  readonly endedAt: number;
}

/** Options for {@linkcode runSeed}. */
export interface RunOptions extends Omit<SimulateOptions, "seeds"> {
  readonly seed: number;
  /** Whether to keep the events, in addition to their hash. */
  readonly isRecorded?: boolean;
}
