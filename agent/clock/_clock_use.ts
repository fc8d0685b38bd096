import type { ContainerTraffic } from "./_party.ts";

/** The use that a process makes of one clock. */
export interface ClockUse {
  /** How many runs by `fastForward` and `paceClock` are going on. */
  runs: number;
  /** How many containers have been made with the clock. */
  containers: number;
  /** How many containers with the clock are about to listen. */
  opening: number;
  /** What tells what goes on in the open containers that have the clock. */
  readonly reports: Set<() => ContainerTraffic>;
}

const uses = new WeakMap<object, ClockUse>();

/** Returns the use of a clock, which is the same object each time. */
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
