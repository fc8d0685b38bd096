import { abortable, pause } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import { beginRun } from "./_clock_use.ts";
import { checkFinite, formatSeconds } from "./_time.ts";
import type { ExternalClock } from "./external_clock.ts";
import { type Settle, settleInProcess } from "./settle.ts";

/** A clock that can be run: an {@linkcode ExternalClock} or one like it. */
export type SettableClock = Pick<ExternalClock, "time" | "nextDue" | "setTime">;

/** Options for {@linkcode fastForward}. */
export interface FastForwardOptions {
  /**
   * The time at which the run ends, in seconds.
   *
   * @default {Infinity, so that the run ends when nothing waits for the clock}
   */
  readonly until?: number | undefined;
  /**
   * Waits, after each jump, for work that awaits something from outside, which
   * {@linkcode settleInProcess} does not see. It is called once nothing else
   * goes on in this process; what it has waited for then settles, too.
   *
   * @default {nothing else is waited for}
   */
  readonly settle?: Settle | undefined;
  /** Ends the run: it rejects with the signal's reason. */
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
   * The seconds of the clock that pass in a second of real time.
   *
   * @default {1}
   */
  readonly factor?: number | undefined;
  /**
   * The longest time for which the clock stands still, in milliseconds of real
   * time. A wait that begins between two ticks is seen at the next one.
   *
   * @default {10}
   */
  readonly tickMs?: number | undefined;
}

/**
 * Runs a clock as fast as the work allows: it jumps from one due time to the
 * next, and lets the woken work settle in between, so that each wait ends at
 * exactly its due time.
 *
 * With `until` it resolves when the time is exactly `until` and the work woken
 * then has settled; the last jump may wake nothing. Without `until` it resolves
 * when nothing waits; where something always does, pass a `signal`.
 *
 * @throws {RangeError} As a rejection, if `until` is in the past.
 * @throws {ClockClosedError} As a rejection, if the clock is closed before
 * `until`.
 */
export async function fastForward(
  clock: SettableClock,
  options: FastForwardOptions = {},
): Promise<void> {
  const { until = Infinity } = options;
  checkEnd(clock, until);
  using _run = beginRun(clock);
  await settled(options);
  await advance(clock, until, options);
}

/**
 * Runs a clock at a multiple of real time. At each tick it jumps to where the
 * time should be, by way of the due times in between, so that each wait ends at
 * exactly its due time, however high the `factor`.
 *
 * If the work takes longer than it may, the clock lags behind, and catches up
 * as fast as it can. If something else sets it ahead, it stands still until
 * real time has caught up. With `until` it resolves when the time is exactly
 * `until` and the work woken then has settled.
 *
 * @throws {RangeError} As a rejection, if `until` is in the past, or `factor`
 * or `tickMs` are not finite and positive.
 * @throws {ClockClosedError} As a rejection, if the clock is closed.
 */
export async function paceClock(
  clock: SettableClock,
  options: PaceOptions = {},
): Promise<void> {
  const { until = Infinity, factor = 1, tickMs = 10, signal } = options;
  checkEnd(clock, until);
  checkPositive("factor", factor);
  checkPositive("tickMs", tickMs);
  const start = clock.time();
  const startMs = world.now();
  const target = () => start + (world.now() - startMs) / 1_000 * factor;
  signal?.throwIfAborted();
  using _run = beginRun(clock);
  while (clock.time() < until) {
    const goal = Math.min(clock.nextDue ?? Infinity, until);
    const waitMs = Math.min((goal - target()) / factor * 1_000, tickMs);
    await pause(Math.max(0, waitMs), signal);
    await advance(clock, Math.min(until, target()), options);
  }
}

/** Jumps to `until`, if it is ahead, by way of all due times before it. */
async function advance(
  clock: SettableClock,
  until: number,
  options: FastForwardOptions,
): Promise<void> {
  for (;;) {
    const due = clock.nextDue;
    if (due === null || due > until) break;
    clock.setTime(due);
    await settled(options);
  }
  if (until !== Infinity && clock.time() < until) clock.setTime(until);
}

async function settled(
  { settle, signal }: FastForwardOptions,
): Promise<void> {
  await settleInProcess(signal);
  if (settle === undefined) return;
  await abortable(settle(signal), signal);
  await settleInProcess(signal);
}

function checkEnd(clock: SettableClock, until: number): void {
  if (until === Infinity) return;
  checkFinite("use the time", until);
  if (until >= clock.time()) return;
  throw new RangeError(
    `Cannot run a clock until ${formatSeconds(until)}: it is ${
      formatSeconds(clock.time())
    } already, give a later time`,
  );
}

function checkPositive(name: string, value: number): void {
  if (Number.isFinite(value) && value > 0) return;
  throw new RangeError(
    `Cannot run a clock with '${name}' ${value}: it must be finite and over 0`,
  );
}
