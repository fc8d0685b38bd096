import { world } from "../../transports/internal.ts";
import { Timers } from "./_timers.ts";
import { listenForAbort, stopListening } from "./abort_listeners.ts";

/**
 * Waits for `work`. Rejects with the signal's reason if `signal` aborts first;
 * the work itself continues.
 */
export async function abortable<T>(
  work: T | Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  if (signal === undefined) return await work;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const waiting = { abort: reject };
  listenForAbort(signal, waiting);
  try {
    // The race handles both rejections, so that neither is unhandled.
    const settled = Promise.race([work, aborted]);
    if (signal.aborted) reject(signal.reason);
    return await settled;
  } finally {
    stopListening(signal, waiting);
  }
}

/** Waits for `work`, but no longer than `timeMs`. */
export async function within(
  timeMs: number,
  work: Promise<unknown>,
): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = world.setTimer(Math.max(0, timeMs), resolve);
  try {
    await Promise.race([work, promise]);
  } finally {
    timer.stop();
  }
}

/** Options for {@linkcode pause}. */
export interface PauseOptions {
  /** The owner of the timer in reports. */
  readonly owner?: object | undefined;
  /**
   * Keeps the process alive.
   *
   * @default {true}
   */
  readonly isRef?: boolean;
}

/** Waits for `timeMs`. Rejects with the signal's reason. */
export async function pause(
  timeMs: number,
  signal: AbortSignal | undefined,
  { owner, isRef = true }: PauseOptions = {},
): Promise<void> {
  signal?.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timeout = new Timers(owner)
    .start("pause", timeMs, resolve, { keepsAlive: isRef });
  try {
    await abortable(promise, signal);
  } finally {
    timeout.stop();
  }
}
