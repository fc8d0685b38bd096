/** The sizes of a run of the faults, in milliseconds unless said otherwise. */
export interface Scale {
  /** The option of that name, on both sides. */
  readonly heartbeatMs: number;
  /** The option of that name. */
  readonly queueTimeoutMs: number;
  /** How long a server is stopped. */
  readonly stoppedMs: number;
  /** How long the token service is away. */
  readonly awayMs: number;
  /** How long there are no file descriptors. */
  readonly exhaustedMs: number;
  /** How often the certificate is replaced. */
  readonly rounds: number;
  /** How long each step of that takes. */
  readonly stepMs: number;
}

/** The options of users who set none, and faults that outlast them. */
export const FULL: Scale = {
  heartbeatMs: 15_000,
  queueTimeoutMs: 30_000,
  stoppedMs: 60_000,
  awayMs: 5_000,
  exhaustedMs: 5_000,
  rounds: 10,
  stepMs: 300,
};

/** The same in seconds, for tests. */
export const QUICK: Scale = {
  heartbeatMs: 200,
  queueTimeoutMs: 2_000,
  stoppedMs: 1_500,
  awayMs: 500,
  exhaustedMs: 500,
  rounds: 2,
  stepMs: 60,
};
