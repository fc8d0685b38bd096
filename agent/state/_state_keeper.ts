import { describeThrown } from "../../channel/message.ts";
import type { StateFormat } from "./_state_format.ts";
import type { SavedState, StateStore } from "./store.ts";

/** The store of the agents' states, and the format in which they are stored. */
export interface StatePlace {
  readonly store: StateStore;
  readonly format: StateFormat;
}

/** A state that waits to be saved. */
interface Waiting {
  bytes: Uint8Array;
  readonly saved: Promise<void>;
}

/** Loads and saves the state of one agent, in order. */
export class StateKeeper {
  readonly #place: StatePlace;
  readonly #key: string;
  #revision: SavedState["revision"] | null = null;
  /** Whether the state is saved when the agent ends. */
  #isKept = true;
  #waiting: Waiting | null = null;
  /** Resolves when all requested operations are done. */
  #idle: Promise<void> = Promise.resolve();

  constructor(place: StatePlace, key: string) {
    this.#place = place;
    this.#key = key;
  }

  /** Whether the state is saved when the agent ends. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** Resolves when no operation is pending. Never rejects. */
  get idle(): Promise<void> {
    return this.#idle;
  }

  /**
   * Resolves to a list with the last saved state; to an empty list if there is
   * none.
   *
   * @throws {TypeError} If the saved state cannot be read.
   */
  async load(): Promise<[] | [state: unknown]> {
    const saved = await this.#place.store.load(this.#key);
    if (saved === null) return [];
    this.#revision = saved.revision;
    try {
      return [this.#place.format.decode(saved.bytes)];
    } catch (cause) {
      throw new TypeError(
        `Cannot restore '${this.#key}': its saved state cannot be read, ${
          describeThrown(cause)
        }; use the codec and serializers with which it was saved, or delete it from the store`,
        { cause },
      );
    }
  }

  /**
   * Saves a state, which is encoded immediately. A state that still waits for
   * an earlier save is replaced by a newer one. Resolves when this state, or a
   * newer one, is saved.
   */
  save(state: unknown): Promise<void> {
    const bytes = this.#place.format.encode(state);
    this.#isKept = true;
    if (this.#waiting !== null) {
      this.#waiting.bytes = bytes;
      return this.#waiting.saved;
    }
    const saved = this.#afterwards(async () => {
      if (this.#waiting === waiting) this.#waiting = null;
      const { store } = this.#place;
      const { bytes } = waiting;
      this.#revision = await store.save(this.#key, bytes, this.#revision);
    });
    const waiting: Waiting = this.#waiting = { bytes, saved };
    return saved;
  }

  /** Deletes the state, and does not save it when the agent ends. */
  forget(): Promise<void> {
    this.#isKept = false;
    // A later save must run after this deletion.
    this.#waiting = null;
    return this.#afterwards(async () => {
      await this.#place.store.delete(this.#key);
      this.#revision = null;
    });
  }

  #afterwards(operation: () => Promise<void>): Promise<void> {
    const done = this.#idle.then(operation);
    this.#idle = done.catch(() => {});
    return done;
  }
}
