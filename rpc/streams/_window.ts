/**
 * How far a stream may run ahead of its consumer, as the consumer decides.
 * Pure: no I/O and no timers.
 */
import type { StreamWindow } from "../rpc_options.ts";

/** The default of the option `streamWindow`: the most that a window may be. */
export const DEFAULT_WINDOW: StreamWindow = {
  items: 4_096,
  bytes: 1024 * 1024,
};

/** The window that each stream begins with, unless a side asks for less. */
export const FIRST_WINDOW: StreamWindow = { items: 64, bytes: 1024 * 1024 };

/** A window lasts so many times as long as items need to come. */
const AMPLE = 4;
/** A window that is so many times larger than that shrinks. */
const EXCESS = 16;

/** What a consumer has seen since items came, when it asks for more. */
export interface Pace {
  /** Whether the producer has sent all that it was asked for. */
  readonly isUsedUp: boolean;
  /** How long the items took to come, in milliseconds. */
  readonly waitMs: number;
  /** How many items were consumed since then, and in what time. */
  readonly consumed: number;
  readonly consumedMs: number;
}

/** Returns the first window of a stream, whose window may grow to `most`. */
export function firstWindow({ items, bytes }: StreamWindow): StreamWindow {
  return { items: Math.min(items, FIRST_WINDOW.items), bytes };
}

/**
 * Returns the items of the next window, after one of `items`. It grows to what
 * the consumer uses up while the next items come, where the producer would have
 * sent more; it shrinks where it is far more than that.
 */
export function nextWindow(
  items: number,
  { isUsedUp, waitMs, consumed, consumedMs }: Pace,
  most: StreamWindow,
): number {
  const ample = Math.ceil(AMPLE * waitMs * consumed / consumedMs);
  if (ample > items) return isUsedUp ? Math.min(ample, most.items) : items;
  if (!(ample * EXCESS < items)) return items;
  return Math.max(items >> 1, firstWindow(most).items);
}
