import type { AgentLike } from "../agent_options.ts";
import { ContainerClosedError } from "../errors.ts";
import type { StateKeeper } from "./_state_keeper.ts";

/** An agent, as its memory sees it. */
export interface Rememberer {
  readonly agent: AgentLike;
  /**
   * Whether the agent's id was chosen, so that a later agent can have the same
   * id.
   */
  readonly hasChosenId: boolean;
  /** Whether the agent is closed, or closing because it has failed. */
  readonly isLost: boolean;
}

/** The state hooks of an agent, which are protected members of its class. */
interface StateHooks {
  snapshot?(): unknown;
  restore?(state: unknown): void | Promise<void>;
}

/** Returns whether an agent has a state that can survive it. */
export function hasState(agent: AgentLike): boolean {
  return typeof (agent as StateHooks).snapshot === "function";
}

/** The state of one agent that can survive it. */
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
   * Restores the last saved state of the agent, if there is one.
   *
   * @throws {TypeError} If the state cannot be read, or the agent has no
   * `restore`.
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

  /** Saves the present state. */
  async save(): Promise<void> {
    this.#check("save");
    await this.#keeper.save(this.#hooks.snapshot!());
  }

  /** Deletes the saved state. */
  async forget(): Promise<void> {
    this.#check("forget");
    await this.#keeper.forget();
  }

  /**
   * Saves the state when the agent ends. The state of a failed agent is not
   * saved. A state under a generated id is deleted.
   */
  async end(hasFailed: boolean): Promise<void> {
    // The state of a failed agent may be the cause of its failure.
    if (hasFailed) return await this.#keeper.idle;
    if (!this.#owner.hasChosenId) return await this.#keeper.forget();
    if (this.#keeper.isKept) await this.#keeper.save(this.#hooks.snapshot!());
  }

  #check(act: string): void {
    const { agent, isLost } = this.#owner;
    // A failed agent must not overwrite the state that its successor restores.
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
