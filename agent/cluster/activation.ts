import { StaleEpochError } from "./errors.ts";

/** The identity of a virtual agent on its node. */
export interface Activation {
  /** The kind of the agent, under which its class was offered. */
  readonly type: string;
  /** The name of the agent. */
  readonly name: string;
  /** The name of the node on which it runs. */
  readonly node: string;
  /**
   * The epoch of this activation. It is greater than that of each earlier
   * activation of this agent, on any node. Send it along with changes to other
   * systems: see {@linkcode EpochGuard}.
   */
  readonly epoch: number;
}

const activations = new WeakMap<object, Activation>();

/** Records where an agent runs. */
export function setActivation(agent: object, activation: Activation): void {
  activations.set(agent, activation);
}

/**
 * Returns the name and the epoch of a virtual agent. For use in the agent's own
 * code.
 *
 * @throws {TypeError} If `agent` is not a virtual agent, or its constructor is
 * still running.
 */
export function activationOf(agent: object): Activation {
  const found = activations.get(agent);
  if (found !== undefined) return found;
  throw new TypeError(
    "Cannot read the activation: this is no agent that a node has placed, or its constructor has not returned, ask in 'onStart' or later",
  );
}

/**
 * Refuses changes by leaders or virtual agents that have been replaced. Keep a
 * guard next to data that they change outside of the cluster, and check the
 * epoch that they send with each change.
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

  /**
   * Creates a guard. `newest` is the greatest epoch stored so far; it and
   * greater epochs are accepted.
   */
  constructor(newest = 0) {
    this.#newest = newest;
  }

  /** The greatest epoch that was accepted. */
  get newest(): number {
    return this.#newest;
  }

  /**
   * Accepts an epoch, unless a greater one has been accepted before.
   *
   * @throws {StaleEpochError} If a greater epoch has been accepted before.
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
