/**
 * The contract between agents and what keeps their states. Each state has a key,
 * the class and id of its agent, as in `Bank/main`. It is bytes to a store, and
 * has a revision, by which one agent cannot overwrite what another one of the
 * same key has saved meanwhile.
 */
import { StaleStateError } from "../errors.ts";

/** A state as a store holds it. */
export interface SavedState {
  /** The state, encoded. */
  readonly bytes: Uint8Array;
  /** A value that no other save of this key has had. */
  readonly revision: string | number;
}

/**
 * Keeps the states of agents: {@linkcode memoryStore}, or one of your own over
 * files or a database. An agent has one operation pending at a time, and waits
 * for its end. A rejection reaches the agent.
 */
export interface StateStore {
  /** Resolves to the state that was saved last; `null` if there is none. */
  load(key: string): Promise<SavedState | null>;
  /**
   * Saves a state in place of that with `revision`, or of none if that is `null`,
   * and resolves to its own revision when it is as safe as this store makes it.
   * The check and the save must be one step. `bytes` do not change later.
   *
   * @throws {StaleStateError} If another state is there.
   */
  save(
    key: string,
    bytes: Uint8Array,
    revision: SavedState["revision"] | null,
  ): Promise<SavedState["revision"]>;
  /** Deletes the state, if there is one, whatever its revision. */
  delete(key: string): Promise<void>;
}

/**
 * Returns a store in memory. Give it to several containers, one after the other or
 * at once, and an agent that is made again in any of them finds its state.
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
