import { privateSlot } from "../../transports/internal.ts";
import type { ContainerTraffic } from "./_party.ts";

/** The users of one clock in this process. */
export interface ClockUse {
  /** The number of active runs by `fastForward` and `paceClock`. */
  runs: number;
  /** The number of containers that were created with the clock. */
  containers: number;
  /** The number of containers with the clock that do not listen yet. */
  opening: number;
  /**
   * Functions that report the traffic of the open containers with the clock.
   */
  readonly reports: Set<() => ContainerTraffic>;
}

const uses = privateSlot<ClockUse>();

/** Returns the usage record of a clock, always the same object. */
export function useOf(clock: object): ClockUse {
  let use = uses.get(clock);
  if (use === undefined) {
    use = { runs: 0, containers: 0, opening: 0, reports: new Set() };
    uses.set(clock, use);
  }
  return use;
}

/** Counts an active run of the clock, until the result is disposed of. */
export function beginRun(clock: object): Disposable {
  const use = useOf(clock);
  use.runs++;
  return { [Symbol.dispose]: () => void use.runs-- };
}
