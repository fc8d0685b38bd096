import type { Chaos } from "@denomas/denomas/testing";

/** Faults of all kinds, each about twice in the time of a run. */
export const CHAOS: Chaos = {
  ...{ partition: 0.5, hold: 0.5, delay: 0.5, reset: 0.5, "half-open": 0.3 },
  ...{ crash: 0.3, pause: 0.3, skew: 0.2 },
  forMs: [100, 30_000],
};

/** The virtual time of a run, before its calm. */
export const UNTIL_MS = 120_000;
