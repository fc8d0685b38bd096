import type { AgentLike } from "../agent_options.ts";
import { ContainerClosedError } from "../errors.ts";
import type { StateKeeper } from "./_state_keeper.ts";

/** An agent, as its memory sees it. */
export interface Rememberer {
  readonly agent: AgentLike;
  /** Whether it has chosen its id, and so may be found again by it. */
  readonly hasChosenId: boolean;
  /** Whether it is closed, or closing because it has failed. */
  readonly isLost: boolean;
}

/** The hooks of an agent for its state, which are protected members. */
interface StateHooks {
  snapshot?(): unknown;
  restore?(state: unknown): void | Promise<void>;
}

/** Whether an agent has a state that survives it. */
export function hasState(agent: AgentLike): boolean {
  return typeof (agent as StateHooks).snapshot === "function";
}

/** The state of one agent that survives it. */
export class AgentMemory {
  readonly #owner: Rememberer;
  readonly #keeper: StateKeeper;
  #isRestored = false;

  constructor(owner: Rememberer, keeper: StateKeeper) {
    this.#owner = owner;
    this.#keeper = keeper;
  }

  get #hooks(): StateHooks {
    return this.#owner.agent as StateHooks;
  }

  /**
   * Gives the agent the state that was saved last, if there is one.
   *
   * @throws {TypeError} If it cannot be read, or the agent has no `restore`.
   * @throws {unknown} The error of the store or of `restore`.
   */
  async restore(): Promise<void> {
    if (this.#hooks.restore === undefined) {
      throw new TypeError(
        `Cannot start ${this.#owner.agent}: it has 'snapshot' without 'restore', define both`,
      );
    }
    for (const state of await this.#keeper.load()) {
      await this.#hooks.restore(state);
    }
    this.#isRestored = true;
  }

  /** Saves the state as it is now. */
  async save(): Promise<void> {
    this.#check("save");
    await this.#keeper.save(this.#hooks.snapshot!());
  }

  /** Deletes the saved state. */
  async forget(): Promise<void> {
    this.#check("forget");
    await this.#keeper.forget();
  }

  /** Keeps the state of an agent that was closed, and not that of a failed one. */
  async end(hasFailed: boolean): Promise<void> {
    // The state of one that has failed may be what it fails by.
    if (hasFailed) return await this.#keeper.idle;
    if (!this.#owner.hasChosenId) return await this.#keeper.forget();
    if (this.#keeper.isKept) await this.#keeper.save(this.#hooks.snapshot!());
  }

  #check(act: string): void {
    const { agent, isLost } = this.#owner;
    // What has failed must not overwrite what its successor restores.
    if (isLost) {
      throw new ContainerClosedError(
        `Cannot ${act} the state of ${agent}: the agent is closed`,
      );
    }
    if (this.#isRestored) return;
    throw new TypeError(
      `Cannot ${act} the state of ${agent}: ${
        hasState(agent)
          ? "it has not started, do so in 'onStart' or later"
          : "it has no 'snapshot', define it and 'restore'"
      }`,
    );
  }
}
