/**
 * How far a stream may run ahead of its consumer. The consumer decides this.
 * Pure: no I/O and no timers.
 */
import type { StreamWindow } from "../rpc_options.ts";

/** The default of the option `streamWindow`, the maximum of a window. */
export const DEFAULT_WINDOW: StreamWindow = {
  items: 4_096,
  bytes: 1024 * 1024,
};

/** The initial window of each stream, unless a side asks for a smaller one. */
export const FIRST_WINDOW: StreamWindow = { items: 64, bytes: 1024 * 1024 };

/** A window should last this many times the delivery time of items. */
const AMPLE = 4;
/** A window that is this many times larger than needed shrinks. */
const EXCESS = 16;

/** Measurements of a consumer when it requests more items. */
export interface Pace {
  /** Whether the producer has sent all requested items. */
  readonly isUsedUp: boolean;
  /** How long the last items took to arrive, in milliseconds. */
  readonly waitMs: number;
  /**
   * The number of items consumed since their arrival; `consumedMs` is the time
   * that took.
   */
  readonly consumed: number;
  readonly consumedMs: number;
}

/** Returns the first window of a stream with the given maximum window. */
export function firstWindow({ items, bytes }: StreamWindow): StreamWindow {
  return { items: Math.min(items, FIRST_WINDOW.items), bytes };
}

/**
 * Returns the number of items in the next window, after a window of `items`.
 * The window grows to the number of items that the consumer uses while the next
 * items arrive, if the producer would have sent more. It shrinks if it is far
 * larger.
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
