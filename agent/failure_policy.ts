import { type BackoffOptions, DEFAULT_BACKOFF } from "../channel/_backoff.ts";

/** How an agent is restarted. */
export interface RestartPolicy extends Partial<BackoffOptions> {
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

/** A restart policy with its defaults filled in. */
export interface ResolvedRestartPolicy extends BackoffOptions {
  readonly restarts: number;
  readonly withinMs: number;
}

/**
 * The restarts that a policy asks for; `null` if it asks for none.
 *
 * @throws {RangeError} If one of its numbers is out of range.
 */
export function restartsOf(
  policy: FailurePolicy,
): ResolvedRestartPolicy | null {
  if (typeof policy === "string" && policy !== "restart") return null;
  const asked = policy === "restart" ? {} : policy;
  const resolved = {
    restarts: asked.restarts ?? 5,
    withinMs: asked.withinMs ?? 60_000,
    firstWaitMs: asked.firstWaitMs ?? DEFAULT_BACKOFF.firstWaitMs,
    longestWaitMs: asked.longestWaitMs ?? DEFAULT_BACKOFF.longestWaitMs,
  };
  for (const [name, value] of Object.entries(resolved)) {
    if (value >= 0) continue;
    throw new RangeError(
      `Cannot restart agents: '${name}' is ${value}, it must be 0 or more`,
    );
  }
  return resolved;
}
