import { describeValue } from "../../channel/message.ts";
import { useOf } from "./_clock_use.ts";
import { LocalParty, type SettableClock } from "./_local_party.ts";
import { Pacer } from "./_pacer.ts";
import { type HasParty, type Party, party } from "./_party.ts";
import { Run } from "./_run.ts";
import { checkFinite, formatSeconds } from "./_time.ts";
import type { Settle } from "./settle.ts";

/** A clock of this process, or the clock of a spawned container. */
type RunnableClock = SettableClock | HasParty;

/** One clock, or several clocks that run together. */
export type RunnableClocks = RunnableClock | readonly RunnableClock[];

/** Options for {@linkcode fastForward}. */
export interface FastForwardOptions {
  /**
   * The time at which the run ends, in seconds.
   *
   * @default {Infinity, so that the run ends when nothing waits for the clock}
   */
  readonly until?: number | undefined;
  /**
   * Waits, after each jump, for work that awaits something outside, which
   * {@linkcode settleInProcess} does not see. Called once this process is
   * otherwise idle; the work that it has waited for then settles, too.
   *
   * @default {nothing else is waited for}
   */
  readonly settle?: Settle | undefined;
  /**
   * How long messages between containers may be under way, in milliseconds of
   * real time, without any arriving. After that time they are considered lost,
   * and the clock moves on. For networks with faults, as in tests.
   *
   * @default {nothing is taken for lost: after 5,000 ms the run rejects}
   */
  readonly lostAfterMs?: number | undefined;
  /** Ends the run, which rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options for {@linkcode paceClock}. */
export interface PaceOptions extends FastForwardOptions {
  /**
   * The time at which the run ends, in seconds.
   *
   * @default {Infinity, so that only the signal ends the run}
   */
  readonly until?: number | undefined;
  /**
   * The number of clock seconds per second of real time.
   *
   * @default {1}
   */
  readonly factor?: number | undefined;
  /**
   * The longest time for which the clock stands still, in milliseconds of real
   * time. A wait that begins between two ticks is noticed at the next tick.
   *
   * @default {10}
   */
  readonly tickMs?: number | undefined;
}

/** A run of {@linkcode paceClock}. The run ends when the promise settles. */
export interface PacedRun extends Promise<void> {
  /** Stops the clock, once the woken work has settled. */
  pause(): void;
  /**
   * Runs a paused clock to the next due time, or to the end if that comes
   * first. Resolves when the woken work has settled.
   *
   * @throws {TypeError} If the clock is not paused.
   */
  step(): Promise<void>;
  /** Resumes a paused clock from its present time, without catching up. */
  resume(): void;
}

/**
 * Runs a clock as fast as the work allows. It jumps from one due time to the
 * next, and lets the woken work settle in between, so that each wait ends at
 * exactly its due time. It waits for all work that awaits promises, the clock,
 * or calls between containers with this clock, and for anything that the option
 * `settle` waits for.
 *
 * Several clocks run together: clocks of this process and of spawned
 * containers. All are set to the same time before anything wakes. A spawned
 * container that is gone is ignored from then on.
 *
 * With `until`, it resolves when the time is exactly `until` and the work woken
 * then has settled; the last jump may wake nothing. Without `until`, it
 * resolves when nothing waits for the clock. If something always waits, pass a
 * `signal`.
 *
 * @throws {RangeError} As a rejection, if `until` is in the past, or the clocks
 * have different times.
 * @throws {TypeError} As a rejection, if a clock runs by itself.
 * @throws {DenomasError} As a rejection, if messages are under way for 5 s of
 * real time and none arrives.
 * @throws {ClockClosedError} As a rejection, if the clock is closed before
 * `until`.
 */
export async function fastForward(
  clocks: RunnableClocks,
  options: FastForwardOptions = {},
): Promise<void> {
  const { until = Infinity } = options;
  const run = await runOf(clocks, until, options);
  try {
    await run.settle();
    await run.advance(until);
  } finally {
    run.end();
  }
}

/**
 * Runs a clock at a multiple of real time. At each tick it advances to the time
 * it should have, stopping at each due time in between, so that each wait ends
 * at exactly its due time, however high the `factor`.
 *
 * If the work takes too long, the clock lags behind, and catches up as fast as
 * it can. If other code sets the clock ahead, it stands still until real time
 * has caught up. With `until`, the promise resolves when the time is exactly
 * `until` and the work woken then has settled. Until then the run can be paused
 * and stepped.
 *
 * @throws {RangeError} As a rejection, if `until` is in the past, or `factor`
 * or `tickMs` are not finite and positive.
 * @throws {ClockClosedError} As a rejection, if the clock is closed.
 */
export function paceClock(
  clocks: RunnableClocks,
  options: PaceOptions = {},
): PacedRun {
  const { until = Infinity, factor = 1, tickMs = 10, signal } = options;
  const pacer = new Pacer({ until, factor, tickMs, signal });
  return Object.assign(pace(clocks, pacer, options), {
    pause: () => pacer.pause(),
    resume: () => pacer.resume(),
    step: () => pacer.step(),
  });
}

/**
 * Whether {@linkcode fastForward} or {@linkcode paceClock} runs a clock of this
 * process at present.
 */
export function isRunning(clock: SettableClock): boolean {
  return useOf(clock).runs > 0;
}

async function pace(
  clocks: RunnableClocks,
  pacer: Pacer,
  options: PaceOptions,
): Promise<void> {
  const { until = Infinity, factor = 1, tickMs = 10 } = options;
  checkPositive("factor", factor);
  checkPositive("tickMs", tickMs);
  const run = await runOf(clocks, until, options);
  try {
    await pacer.pace(run);
  } finally {
    run.end();
  }
}

/**
 * Returns the run of clocks, which must all have the same time.
 *
 * @throws {RangeError} If the times differ, or `until` is in the past.
 */
async function runOf(
  clocks: RunnableClocks,
  until: number,
  options: FastForwardOptions,
): Promise<Run> {
  const list = Array.isArray(clocks) ? clocks : [clocks];
  const parties = list.map(partyOf);
  options.signal?.throwIfAborted();
  const run = new Run(parties, options);
  try {
    await run.begin();
    const { times } = run;
    checkSame(times);
    for (const time of times) checkEnd(time, until);
    return run;
  } catch (error) {
    run.end();
    throw error;
  }
}

function partyOf(it: RunnableClock): Party {
  if (party in it) return it[party]();
  if (!("clock" in it)) return new LocalParty(it);
  throw new TypeError(
    `Cannot run a clock: '${it}' is a container of this process, pass its 'clock'`,
  );
}

function checkSame(times: readonly number[]): void {
  const other = times.find((it) => it !== times[0]);
  if (other === undefined) return;
  throw new RangeError(
    `Cannot run clocks together: one is at ${
      formatSeconds(times[0]!)
    } and another at ${
      formatSeconds(other)
    }, set them to the same time, a new one by its 'initTime'`,
  );
}

function checkEnd(start: number, until: unknown): void {
  if (until === Infinity) return;
  if (typeof until !== "number") {
    throw new TypeError(
      `Cannot use 'until' of a run: it is ${
        describeValue(until)
      }, give a time of the clock in seconds, not a date`,
    );
  }
  checkFinite("use the time", until);
  if (until >= start) return;
  throw new RangeError(
    `Cannot run a clock until ${formatSeconds(until)}: it is ${
      formatSeconds(start)
    } already, give a later time`,
  );
}

function checkPositive(name: string, value: number): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new RangeError(
    `Cannot run a clock with '${name}' ${value}: it must be finite and over 0`,
  );
}
