import type { BackoffOptions } from "../channel/backoff_options.ts";

/** How an agent is restarted. */
export interface RestartPolicy {
  /**
   * How many restarts there may be within `withinMs`. One more failure stops
   * the agent.
   *
   * @default {5}
   */
  readonly restarts?: number | undefined;
  /**
   * The time in which restarts are counted, in milliseconds.
   *
   * @default {60_000}
   */
  readonly withinMs?: number | undefined;
  /** The waits before restarts, which grow from `initialMs` to `maxMs`. */
  readonly backoff?: Partial<BackoffOptions> | undefined;
}

/**
 * What becomes of an agent when a task of its own throws. In each case the
 * error is reported to the container's `onError`.
 *
 * - `"report"`: nothing else; its other tasks go on.
 * - `"stop"`: it is closed.
 * - `"restart"`, or a {@linkcode RestartPolicy}: it is closed, and made anew
 *   with the same id and the same arguments, after a wait that grows from
 *   50 ms to 5 s. The others live on. Only for agents that were made by
 *   `Container.spawn`.
 * - `"escalate"`: its container is closed.
 */
export type FailurePolicy =
  | "report"
  | "stop"
  | "restart"
  | "escalate"
  | RestartPolicy;
