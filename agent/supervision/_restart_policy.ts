import {
  Backoff,
  checkRange,
  DEFAULT_BACKOFF,
} from "../../channel/internal.ts";
import type { FailurePolicy } from "../agent_options.ts";
import type { AgentState } from "./_agent_lifecycle.ts";

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

/** The restarts of one agent: their number and their times. */
export class Restarts {
  /** The waits before the restarts. */
  readonly backoff: Pick<Backoff, "reset" | "next">;
  readonly #max: number;
  readonly #withinMs: number;
  /**
   * The times of the restarts within `withinMs`, in milliseconds of a clock.
   */
  #times: number[] = [];

  constructor(
    backoff: Pick<Backoff, "reset" | "next">,
    max: number,
    withinMs: number,
  ) {
    this.backoff = backoff;
    this.#max = max;
    this.#withinMs = withinMs;
  }

  /**
   * Counts a restart at the time `nowMs`; returns `false` if there were too
   * many. Once no earlier restart counts any more, the waits start short again.
   */
  begin(nowMs: number): boolean {
    this.#times = this.#times.filter((at) => at > nowMs - this.#withinMs);
    if (this.#times.length >= this.#max) return false;
    if (this.#times.length === 0) this.backoff.reset();
    this.#times.push(nowMs);
    return true;
  }
}

const POLICIES: readonly FailurePolicy[] = [
  "report",
  "stop",
  "restart",
  "escalate",
];

/**
 * Returns the restarts that `policy` permits; `null` if it permits none.
 * `random` varies their waits.
 *
 * @throws {TypeError} If there is no such policy.
 * @throws {RangeError} If a number in the policy is out of range.
 */
export function restartsOf(
  policy: FailurePolicy,
  random: () => number,
): Restarts | null {
  if (typeof policy === "string" && !POLICIES.includes(policy)) {
    throw new TypeError(
      `Cannot use 'onFailure' '${policy}': it must be one of '${
        POLICIES.join("', '")
      }' or an object`,
    );
  }
  if (typeof policy === "string" && policy !== "restart") return null;
  const { restarts = 5, withinMs = 60_000, backoff = {} } = policy === "restart"
    ? {}
    : policy;
  const waits = { ...DEFAULT_BACKOFF, ...backoff };
  const numbers = { restarts, withinMs, ...waits };
  for (const [name, value] of Object.entries(numbers)) {
    checkRange(name, value, 0);
  }
  return new Restarts(
    new Backoff(waits, undefined, random),
    restarts,
    withinMs,
  );
}
