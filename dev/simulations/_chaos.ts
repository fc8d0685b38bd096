import type { Chaos } from "@denomas/denomas/testing";

/** Faults of all kinds, most of which occur about once per run and node. */
export const CHAOS: Chaos = {
  ...{ partition: 0.8, hold: 0.8, delay: 0.8, reset: 0.8, "half-open": 0.6 },
  ...{ crash: 0.6, pause: 0.5, skew: 0.3 },
  forMs: [100, 20_000],
};

/** The virtual time of a run before its calm, in milliseconds. */
export const UNTIL_MS = 60_000;
