import type { SimulateOptions, Simulation } from "./contract.ts";
import type { SimulationTrace } from "./trace/trace.ts";

/** The body of a simulated test. */
export type SimulationBody = (sim: Simulation) => void | Promise<void>;

/** What one run of one seed came to. */
export interface RunOutcome {
  /** What failed, or `null`. */
  readonly failure: { readonly error: unknown } | null;
  /** The hash of all events. */
  readonly hash: string;
  /** Its events are there if they were recorded. */
  readonly trace: SimulationTrace;
  /** What was `true` at least once, of all that may be. */
  readonly sometimes: ReadonlyMap<string, boolean>;
  /** The virtual time at the end, in milliseconds. */
  readonly endedAt: number;
}

/** Options for {@linkcode runSeed}. */
export interface RunOptions extends Omit<SimulateOptions, "seeds"> {
  readonly seed: number;
  /** Whether to keep the events, and not their hash alone. */
  readonly isRecorded?: boolean;
}
