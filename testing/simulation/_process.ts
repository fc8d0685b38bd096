import { AsyncLocalStorage } from "node:async_hooks";
import { type Random, seededRandom } from "../network/random.ts";
import { seedFor } from "./_hash.ts";

/** The process in which the running code is; none outside of runs. */
const current = new AsyncLocalStorage<SimulatedProcess>();

/** Returns the process in which the running code is. */
export function currentProcess(): SimulatedProcess | undefined {
  return current.getStore();
}

/** Returns whether the running code belongs to no run. */
export function isOutside(): boolean {
  return current.getStore() === undefined;
}

/**
 * One life of a node, from its start to its crash. All code that it starts is
 * tagged with it, so that none of it runs after the crash or during a pause.
 */
export class SimulatedProcess {
  /** The name of the node; "" for what belongs to none. */
  readonly name: string;
  /** How many lives the node had before. */
  readonly life: number;
  /** Chooses among nodes for which something is due at the same time. */
  readonly rank: number;
  /** What `Math.random` and `crypto` return. */
  readonly userRandom: Random;
  /** What the package itself draws from. */
  readonly ownRandom: Random;
  /** Whether all that it runs is the network's, which needs no other context. */
  readonly isNetwork: boolean;
  /** How far its wall clock is off, in milliseconds. */
  skewMs = 0;
  /** What has to be undone when it crashes. */
  readonly onCrash = new Set<() => void>();
  #state: "running" | "paused" | "dead" = "running";
  readonly #held: (() => void)[] = [];

  /** Begins a life of the node `name`. */
  constructor(seed: number, name: string, life: number, isNetwork = false) {
    this.isNetwork = isNetwork;
    this.name = name;
    this.life = life;
    const key = `${name} ${life}`;
    this.rank = seedFor(seed, "rank", key);
    this.userRandom = seededRandom(seedFor(seed, "user", key));
    this.ownRandom = seededRandom(seedFor(seed, "own", key));
  }

  /** Whether it has crashed. */
  get isDead(): boolean {
    return this.#state === "dead";
  }

  /** Whether it is paused. */
  get isPaused(): boolean {
    return this.#state === "paused";
  }

  /** Runs `fn`, and all that it starts, as code of this process. */
  run<T>(fn: () => T): T {
    return current.run(this, fn);
  }

  /** Runs `action` now, after the pause, or never: as the process is. */
  admit(action: () => void): void {
    if (this.#state === "running") action();
    else if (this.#state === "paused") this.#held.push(action);
  }

  /** Settles as `promise` does, but not while paused, and never when dead. */
  admitted<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      promise.then(
        (value) => this.admit(() => resolve(value)),
        (error) => this.admit(() => reject(error)),
      );
    });
  }

  /** Holds back all that would run from now on. */
  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  /** Goes on; returns what was held back, in order, for the caller to run. */
  resume(): readonly (() => void)[] {
    if (this.#state !== "paused") return [];
    this.#state = "running";
    return this.#held.splice(0);
  }

  /** Ends it at once: nothing of it runs any more. */
  crash(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#held.length = 0;
    for (const undo of this.onCrash) undo();
    this.onCrash.clear();
  }
}
