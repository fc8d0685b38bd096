/**
 * The contract between agents and the store of their states. Each state has a
 * key, made of the class and id of its agent, such as `Bank/main`. To a store,
 * a state is bytes with a revision. Revisions keep an agent from overwriting a
 * state that another agent with the same key has saved meanwhile.
 */
import { StaleStateError } from "../errors.ts";

/** A state in a store. */
export interface SavedState {
  /** The encoded state. */
  readonly bytes: Uint8Array;
  /** A value that differs from those of all other saves of this key. */
  readonly revision: string | number;
}

/**
 * A store of the states of agents: {@linkcode memoryStore}, or your own store
 * on files or a database. Each agent runs one operation at a time. The agent
 * receives errors as rejections.
 */
export interface StateStore {
  /** Resolves to the last saved state; `null` if there is none. */
  load(key: string): Promise<SavedState | null>;
  /**
   * Saves a state in place of the state with `revision`, or of no state if that
   * is `null`. Resolves to the new revision once the state is as safe as this
   * store can make it. The check and the save must be one atomic step. `bytes`
   * do not change later.
   *
   * @throws {StaleStateError} If the saved state has another revision.
   */
  save(
    key: string,
    bytes: Uint8Array,
    revision: SavedState["revision"] | null,
  ): Promise<SavedState["revision"]>;
  /** Deletes the state, if there is one, regardless of its revision. */
  delete(key: string): Promise<void>;
}

/**
 * Returns an in-memory store. Pass it to several containers, at the same time
 * or one after another: an agent that is made again in any of them finds its
 * state.
 *
 * ```ts
 * import { Agent, Container, memoryStore } from "@denomas/denomas/agent";
 * import { expose } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class Counter extends Agent {
 *   #count = 0;
 *   constructor(container: Container) {
 *     super(container, { id: "counter" });
 *   }
 *   protected override snapshot(): number {
 *     return this.#count;
 *   }
 *   protected override restore(count: number): void {
 *     this.#count = count;
 *   }
 *   @expose
 *   add(amount: number): number {
 *     return this.#count += amount;
 *   }
 * }
 *
 * const store = memoryStore();
 * for (const total of [2, 4]) {
 *   await using container = await Container.create("local://counting", { store });
 *   const counter = await container.spawn(Counter);
 *   assertEquals(counter.add(2), total);
 * }
 * ```
 */
export function memoryStore(): StateStore {
  const states = new Map<string, SavedState>();
  let saves = 0;
  return {
    load: (key) => Promise.resolve(states.get(key) ?? null),
    save(key, bytes, expected) {
      const found = states.get(key)?.revision ?? null;
      if (found !== expected) {
        const message =
          `Cannot save the state '${key}': another agent has saved it since, use one agent for each class and id`;
        return Promise.reject(new StaleStateError(message));
      }
      const revision = ++saves;
      states.set(key, { bytes, revision });
      return Promise.resolve(revision);
    },
    delete(key) {
      states.delete(key);
      return Promise.resolve();
    },
  };
}
