import { privateSlot } from "../../transports/internal.ts";
import type { ContainerTraffic } from "./_party.ts";

/** Who uses one clock in this process. */
export interface ClockUse {
  /** The number of active runs by `fastForward` and `paceClock`. */
  runs: number;
  /** The number of containers that were made with the clock. */
  containers: number;
  /** The number of containers with the clock that do not listen yet. */
  opening: number;
  /** Report the activity of the open containers that have the clock. */
  readonly reports: Set<() => ContainerTraffic>;
}

const uses = privateSlot<ClockUse>();

/** Returns the record of a clock, the same object each time. */
export function useOf(clock: object): ClockUse {
  let use = uses.get(clock);
  if (use === undefined) {
    use = { runs: 0, containers: 0, opening: 0, reports: new Set() };
    uses.set(clock, use);
  }
  return use;
}

/** Notes that a clock is run, until the result is disposed of. */
export function beginRun(clock: object): Disposable {
  const use = useOf(clock);
  use.runs++;
  return { [Symbol.dispose]: () => void use.runs-- };
}
