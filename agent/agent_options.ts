import type { BackoffOptions } from "../channel/timers/backoff.ts";
import type { CloseOptions } from "../channel/channel.ts";

/** An agent, as its container sees it. */
export interface AgentLike extends AsyncDisposable {
  /** The name of the agent in its container. */
  readonly id: string;
  /** The address at which others connect to the agent. */
  readonly address: string;
  /** Closes this agent only, not its container. */
  close(options?: CloseOptions): Promise<void>;
}

/** Options for the constructor of {@linkcode Agent}. */
export interface AgentOptions {
  /**
   * The name of the agent in its container. It must not contain `/` or begin
   * with `$`.
   *
   * @default {"0", "1" and so on, in the order of creation}
   */
  readonly id?: string | undefined;
  /**
   * The policy for a task of the agent that throws.
   *
   * @default {"report"}
   */
  readonly onFailure?: FailurePolicy | undefined;
  /**
   * Whether calls of the agent run concurrently, as in aiomas, instead of one
   * after another.
   *
   * @default {the container's `concurrent`}
   */
  readonly concurrent?: boolean | undefined;
  /**
   * The most calls that may wait while the agent runs another one. A further
   * call fails with a `ServerBusyError` without running.
   *
   * @default {10_000}
   */
  readonly mailbox?: number | undefined;
}

/** A task of an agent. It should end when `signal` aborts. */
export type AgentTask = (signal: AbortSignal) => void | Promise<void>;

/** How to restart an agent. All times are by the clock of its container. */
export interface RestartPolicy {
  /**
   * The most restarts within `withinMs`. The next failure stops the agent.
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
 * The policy for a task of an agent that throws. In each case the error is also
 * reported to the container's `onError`.
 *
 * - `"report"`: nothing else; the agent's other tasks go on.
 * - `"stop"`: the agent is closed.
 * - `"restart"`, or a {@linkcode RestartPolicy}: the agent is closed and made
 *   again, with the same id and the same arguments, after a wait that grows
 *   from 50 ms to 5 s of the container's clock. Its children close with it;
 *   other agents go on. Only for agents made by `container.spawn` or
 *   `spawnChild`.
 * - `"escalate"`: a child is closed, and its failure counts as a failure of its
 *   parent, whose own policy decides what follows. If the agent has no parent,
 *   the container is closed.
 */
export type FailurePolicy =
  | "report"
  | "stop"
  | "restart"
  | "escalate"
  | RestartPolicy;
