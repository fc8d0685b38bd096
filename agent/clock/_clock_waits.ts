import { abortable } from "../../channel/internal.ts";
import { world, type WorldTimer } from "../../transports/internal.ts";
import { ClockClosedError } from "../errors.ts";
import type { Clock, ClockTimer } from "./base_clock.ts";
import { useOf } from "./_clock_use.ts";

/**
 * Waits for `ms` of the clock's time.
 *
 * @throws {unknown} As a rejection, the reason of `signal` once it aborts.
 * @throws {ClockClosedError} As a rejection, if the clock is closed, or closes
 * meanwhile.
 */
export async function waitBy(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  if (ms === Infinity) return await abortable(NEVER, signal);
  // An `ExternalClock` refuses to wait for 0 seconds.
  if (ms > 0) return await clock.sleep(ms / 1_000, { signal });
  signal.throwIfAborted();
  await world.nextTurn();
}

/** The shortest wait, in milliseconds. */
const LEAST_MS = 1;

const NEVER = new Promise<never>(() => {});

/** Waits for `work`, but no longer than `ms` of the clock's time. */
export async function withinBy(
  clock: Clock,
  ms: number,
  work: Promise<unknown>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  using _timer = callIn(clock, ms, resolve) ?? { [Symbol.dispose]: resolve };
  await Promise.race([work, promise]);
}

/**
 * Waits for `ms` of the clock's time while `fastForward` or `paceClock` runs
 * the clock, and of real time otherwise. A program that sets up a simulation
 * also waits for others, while its clock still stands still.
 *
 * @throws {unknown} As a rejection, the reason of `signal` once it aborts.
 */
export async function waitByEither(
  clock: Clock,
  ms: number,
  signal: AbortSignal,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  // A clock may refuse waits too short to change its floating-point time.
  using _timer = callIn(clock, Math.max(ms, LEAST_MS), resolve);
  let real: WorldTimer;
  const arm = () => {
    real = world.setTimer(Math.max(ms, LEAST_MS), () => {
      // Re-armed, since a run may end before the clock reaches the due time.
      useOf(clock).runs === 0 ? resolve() : arm();
    });
  };
  arm();
  try {
    await abortable(promise, signal);
  } finally {
    real!.stop();
  }
}

/**
 * Returns a function that returns the milliseconds since this call, by the
 * clock that {@linkcode waitByEither} uses at that moment.
 */
export function stopwatch(clock: Clock): () => number {
  const [start, startMs] = [clock.time(), world.now()];
  return () =>
    useOf(clock).runs === 0
      ? world.now() - startMs
      : (clock.time() - start) * 1_000;
}

/** Returns `null` if the clock is closed, since `callback` would never run. */
function callIn(
  clock: Clock,
  ms: number,
  callback: () => void,
): ClockTimer | null {
  try {
    return clock.callIn(ms / 1_000, callback);
  } catch (error) {
    if (error instanceof ClockClosedError) return null;
    throw error;
  }
}
