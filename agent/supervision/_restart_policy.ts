import {
  type BackoffOptions,
  DEFAULT_BACKOFF,
} from "../../channel/timers/_backoff.ts";
import type { FailurePolicy } from "../failure_policy.ts";

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
