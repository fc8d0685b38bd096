import { checkTime, formatSeconds } from "./_time.ts";
import { abortable } from "../../channel/timers/_abortable.ts";
import type { ExternalClock } from "./external_clock.ts";
import { type Settle, settleInProcess } from "./settle.ts";
import { SystemClock } from "./system_clock.ts";

/** What is driven: an {@linkcode ExternalClock}, or what can be set as one. */
export type SettableClock = Pick<ExternalClock, "time" | "nextDue" | "setTime">;

/** What {@linkcode fastForward} can be given. */
export interface FastForwardOptions {
  /**
   * The time in seconds at which it ends.
   *
   * @default Infinity: when nobody waits for the clock any more.
   */
  readonly until?: number;
  /**
   * Waits, after each jump, until those it has woken wait again. It is called
   * one turn of the event loop after the jump, when they have begun.
   *
   * @default {@linkcode settleInProcess}
   */
  readonly settle?: Settle;
  /** Ends it early: it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@linkcode paceClock} can be given. */
export interface PaceOptions extends FastForwardOptions {
  /**
   * The time in seconds at which it ends.
   *
   * @default Infinity: only when the signal aborts.
   */
  readonly until?: number;
  /**
   * How many seconds of the clock a second of real time is.
   *
   * @default 1
   */
  readonly factor?: number;
  /**
   * How long, in milliseconds of real time, the clock stands still at most. A
   * wait that begins between two ticks is seen at the next one.
   *
   * @default 10
   */
  readonly tickMs?: number;
}

/**
 * Runs a clock as fast as its waiters allow: jumps from one time that is
 * waited for to the next, and lets those it wakes settle in between, so that
 * each one sees the very time it waited for.
 *
 * With `until` it resolves when the time is `until`, exactly, and those woken
 * then have settled; the last jump may wake nobody. Without, it resolves when
 * nobody waits: where somebody always does, give it a `signal`.
 *
 * @throws {RangeError} As a rejection, if `until` is past.
 * @throws {ClockClosedError} As a rejection, if the clock is closed before
 * `until`.
 */
export async function fastForward(
  clock: SettableClock,
  { until = Infinity, settle = settleInProcess, signal }: FastForwardOptions =
    {},
): Promise<void> {
  checkEnd(clock, until);
  const settled = settler(settle, signal);
  await settled();
  await advance(clock, until, settled);
}

/**
 * Runs a clock at a multiple of real time. At each tick it jumps to where the
 * time should be, by way of the times that are waited for, so that each one
 * who is woken sees the very time it waited for, however high the `factor`.
 *
 * If that takes longer than it may, the clock lags behind, and catches up as
 * fast as it can. If others set it ahead, it stands still until real time has
 * caught up. With `until` it resolves when the time is `until`, exactly, and
 * those woken then have settled.
 *
 * @throws {RangeError} As a rejection, if `until` is past, or `factor` or
 * `tickMs` are not finite and positive.
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
  const settled = settler(options.settle ?? settleInProcess, signal);
  using real = new SystemClock();
  const start = clock.time();
  const realStart = real.time();
  const target = () =>
    Math.min(until, start + (real.time() - realStart) * factor);
  signal?.throwIfAborted();
  while (clock.time() < until) {
    const goal = Math.min(clock.nextDue ?? Infinity, until);
    const seconds = Math.min((goal - target()) / factor, tickMs / 1_000);
    await real.sleep(seconds, { signal });
    await advance(clock, target(), settled);
  }
}

/** Jumps to `until`, if it is ahead, by way of all times waited for. */
async function advance(
  clock: SettableClock,
  until: number,
  settled: () => Promise<void>,
): Promise<void> {
  for (
    let due = clock.nextDue;
    due !== null && due <= until;
    due = clock.nextDue
  ) {
    clock.setTime(due);
    await settled();
  }
  if (until !== Infinity && clock.time() < until) clock.setTime(until);
}

function settler(
  settle: Settle,
  signal: AbortSignal | undefined,
): () => Promise<void> {
  return async () => {
    // Those woken have not run yet: who asks now what is going on sees nothing.
    await new Promise((resolve) => setImmediate(resolve));
    signal?.throwIfAborted();
    await abortable(settle(signal), signal);
  };
}

function checkEnd(clock: SettableClock, until: number): void {
  if (until === Infinity) return;
  checkTime(until);
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
    `Cannot run a clock with '${name}' ${value}: wanted a finite number over 0`,
  );
}
