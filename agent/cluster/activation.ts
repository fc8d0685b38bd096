import { StaleEpochError } from "./errors.ts";

/** A virtual agent, as its node runs it. */
export interface Activation {
  /** The kind of the agent, under which its class was offered. */
  readonly type: string;
  /** Its name. */
  readonly name: string;
  /** The name of the node on which it runs. */
  readonly node: string;
  /**
   * Greater than that of each earlier activation of this agent, on any node. Tell
   * it to whom the agent changes: see {@linkcode EpochGuard}.
   */
  readonly epoch: number;
}

const activations = new WeakMap<object, Activation>();

/** Notes where an agent runs. */
export function setActivation(agent: object, activation: Activation): void {
  activations.set(agent, activation);
}

/**
 * Returns the name and the epoch of a virtual agent, in its own code.
 *
 * @throws {TypeError} If it is no virtual agent, or its constructor still runs.
 */
export function activationOf(agent: object): Activation {
  const found = activations.get(agent);
  if (found !== undefined) return found;
  throw new TypeError(
    "Cannot read the activation: this is no agent that a node has placed, or its constructor has not returned, ask in 'onStart' or later",
  );
}

/**
 * Refuses whoever has been replaced. Something that is changed by a leader or a
 * virtual agent, but is not stored in the cluster, keeps one of these, and is told
 * the epoch with each change.
 *
 * ```ts
 * import { EpochGuard } from "@denomas/denomas/cluster";
 * import { assertThrows } from "@std/assert";
 *
 * const guard = new EpochGuard();
 * guard.check(7); // the leader
 * guard.check(9); // its successor
 * assertThrows(() => guard.check(7)); // the first one, which was paused
 * ```
 */
export class EpochGuard {
  #newest: number;

  /** Takes `newest`, as it was stored, and what is greater. */
  constructor(newest = 0) {
    this.#newest = newest;
  }

  /** The greatest epoch that was checked. */
  get newest(): number {
    return this.#newest;
  }

  /**
   * Takes an epoch, unless a greater one has come before.
   *
   * @throws {StaleEpochError} If one has.
   */
  check(epoch: number): void {
    if (epoch < this.#newest) {
      throw new StaleEpochError(
        `Cannot act for epoch ${epoch}: epoch ${this.#newest} has begun`,
      );
    }
    this.#newest = epoch;
  }
}
