import { ConnectionClosedError } from "../../channel/errors.ts";
import { observed } from "../../transports/internal.ts";
import type { AgentLike, AgentTask } from "../agent_options.ts";
import { ClockClosedError, ContainerClosedError } from "../errors.ts";
import { actAs } from "../messages/_acting.ts";

/** An agent, as its tasks see it. */
export interface TaskOwner {
  readonly agent: AgentLike;
  readonly id: string;
  /** Whether the agent is closing or closed. */
  readonly isClosing: boolean;
  /** Aborts when the agent begins to close. */
  readonly signal: AbortSignal;
  /** Called when a task has thrown. */
  onTaskFailure(error: unknown): void;
}

/** The unfinished tasks of one agent. */
export class AgentTasks {
  readonly #owner: TaskOwner;
  readonly #running = new Set<Promise<void>>();

  constructor(owner: TaskOwner) {
    this.#owner = owner;
  }

  /** The running tasks. They never reject. */
  get running(): readonly Promise<void>[] {
    return [...this.#running];
  }

  /**
   * Runs a task. Resolves when the task has ended in any way.
   *
   * @throws {ContainerClosedError} If the agent is closed.
   */
  run(task: AgentTask): Promise<void> {
    const { agent, isClosing } = this.#owner;
    if (isClosing) {
      throw new ContainerClosedError(
        `Cannot run a task of ${agent}: the agent is closed`,
      );
    }
    const running = this.#run(task);
    this.#running.add(running);
    running.then(() => this.#running.delete(running));
    observeWork(this.#owner, running, task.name || "without a name");
    return running;
  }

  async #run(task: AgentTask): Promise<void> {
    const { signal } = this.#owner;
    try {
      await runAs(this.#owner, () => task(signal));
    } catch (error) {
      // A task of a closing agent may end in any of these ways.
      if (signal.aborted && isEnd(error, signal)) return;
      this.#owner.onTaskFailure(error);
    }
  }
}

/** Runs code of an agent that does not serve a call. */
export function runAs<T>({ id }: Pick<TaskOwner, "id">, step: () => T): T {
  return actAs({ agent: id, turns: [] }, step);
}

/**
 * Lists code of an agent as open until it ends, since it may outlive its agent.
 */
export function observeWork(
  owner: object,
  work: Promise<void>,
  name: string,
): void {
  if (observed.by === null) return;
  observed.by.opened(work, "task", () => name);
  observed.by.owned(work, owner);
  const onEnd = () => observed.by?.closed(work);
  work.then(onEnd, onEnd);
}

/**
 * Returns whether an error only means that the agent, or something it uses, is
 * closed.
 */
function isEnd(error: unknown, signal: AbortSignal): boolean {
  if (error === signal.reason) return true;
  try {
    return error instanceof ContainerClosedError ||
      error instanceof ClockClosedError ||
      (error instanceof ConnectionClosedError && error.by === "local") ||
      (error instanceof Error && error.name === "AbortError");
  } catch {
    // Inspecting the thrown value may itself throw.
    return false;
  }
}
