/**
 * The parameters of a run of the faults, in milliseconds unless stated
 * otherwise.
 */
export interface Scale {
  /** The option `heartbeatMs`, on both sides. */
  readonly heartbeatMs: number;
  /** The option `queueTimeoutMs`. */
  readonly queueTimeoutMs: number;
  /** The time for which a server is stopped. */
  readonly stoppedMs: number;
  /** The time for which the token service is unavailable. */
  readonly awayMs: number;
  /** The time without free file descriptors. */
  readonly exhaustedMs: number;
  /** The number of times the certificate is replaced. */
  readonly rounds: number;
  /** The duration of each step of a replacement. */
  readonly stepMs: number;
}

/** The default options, and faults that outlast them. */
export const FULL: Scale = {
  heartbeatMs: 15_000,
  queueTimeoutMs: 30_000,
  stoppedMs: 60_000,
  awayMs: 5_000,
  exhaustedMs: 5_000,
  rounds: 10,
  stepMs: 300,
};

/** A scale of seconds, for tests. */
export const QUICK: Scale = {
  heartbeatMs: 200,
  queueTimeoutMs: 2_000,
  stoppedMs: 1_500,
  awayMs: 500,
  exhaustedMs: 500,
  rounds: 2,
  stepMs: 60,
};
