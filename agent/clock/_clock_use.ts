/** The use that a process makes of one clock. */
export interface ClockUse {
  /** How many runs by `fastForward` and `paceClock` are going on. */
  runs: number;
  /** How many containers have been made with the clock. */
  containers: number;
}

const uses = new WeakMap<object, ClockUse>();

/** Returns the use of a clock, which is the same object each time. */
export function useOf(clock: object): ClockUse {
  let use = uses.get(clock);
  if (use === undefined) uses.set(clock, use = { runs: 0, containers: 0 });
  return use;
}

/** Notes that a clock is run, until the result is disposed of. */
export function beginRun(clock: object): Disposable {
  const use = useOf(clock);
  use.runs++;
  return { [Symbol.dispose]: () => void use.runs-- };
}
