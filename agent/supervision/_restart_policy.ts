import {
  type BackoffOptions,
  checkRange,
  DEFAULT_BACKOFF,
} from "../../channel/internal.ts";
import type { FailurePolicy } from "../agent_options.ts";
import type { AgentState } from "./_agent_lifecycle.ts";

/**
 * The decisions about agents that fail: pure functions, which the supervisor
 * carries out.
 */

/** The action that follows the failure of an agent's task. */
export type FailureAction = "none" | "close" | "restart" | "escalate";

/** Decides what to do after a task of an agent has thrown. */
export function actionOnFailure(
  policy: FailurePolicy,
  state: AgentState["tag"],
): FailureAction {
  if (policy === "report" || state === "closing" || state === "closed") {
    return "none";
  }
  if (policy === "escalate") return "escalate";
  // An agent that has not started yet fails its `spawn` instead.
  return policy === "stop" || state !== "running" ? "close" : "restart";
}

/** A restart policy with its defaults filled in. */
export interface ResolvedRestartPolicy extends BackoffOptions {
  readonly restarts: number;
  readonly withinMs: number;
}

/** The restarts of one agent so far. */
export interface RestartHistory {
  /** The times of the restarts that still count, in milliseconds. */
  readonly times: readonly number[];
  /** The longest wait before the last of them, in milliseconds. */
  readonly waitMs: number;
}

/** The history of an agent that has never been restarted. */
export const NO_RESTARTS: RestartHistory = { times: [], waitMs: 0 };

/**
 * Decides whether an agent is restarted at the time `nowMs`, and after which
 * wait. Waits double, and begin short again once no restart counts any more.
 *
 * @returns The history with the new restart, or `null` if there were too many.
 */
export function planRestart(
  history: RestartHistory,
  policy: ResolvedRestartPolicy,
  nowMs: number,
): RestartHistory | null {
  const times = history.times.filter((at) => at > nowMs - policy.withinMs);
  if (times.length >= policy.restarts) return null;
  const waitMs = times.length === 0 ? policy.initialMs : history.waitMs * 2;
  return {
    times: [...times, nowMs],
    waitMs: Math.min(waitMs, policy.maxMs),
  };
}

/**
 * Returns the restart policy that `policy` asks for; `null` if it asks for no
 * restarts.
 *
 * @throws {RangeError} If one of its numbers is out of range.
 */
export function resolveRestarts(
  policy: FailurePolicy,
): ResolvedRestartPolicy | null {
  if (typeof policy === "string" && policy !== "restart") return null;
  const given = policy === "restart" ? {} : policy;
  const resolved = {
    restarts: given.restarts ?? 5,
    withinMs: given.withinMs ?? 60_000,
    initialMs: given.backoff?.initialMs ?? DEFAULT_BACKOFF.initialMs,
    maxMs: given.backoff?.maxMs ?? DEFAULT_BACKOFF.maxMs,
  };
  for (const [name, value] of Object.entries(resolved)) {
    checkRange(name, value, 0);
  }
  return resolved;
}
