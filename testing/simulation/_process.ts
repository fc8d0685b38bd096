import { AsyncLocalStorage } from "node:async_hooks";
import { type Random, seededRandom } from "../network/random.ts";
import { seedFor } from "./_hash.ts";

/** The process of the running code; undefined outside of runs. */
const current = new AsyncLocalStorage<SimulatedProcess>();

/** Returns the process of the running code. */
export function currentProcess(): SimulatedProcess | undefined {
  return current.getStore();
}

/** Returns whether the running code belongs to no run. */
export function isOutside(): boolean {
  return current.getStore() === undefined;
}

/**
 * One life of a node, from its start to its crash. All code that it starts is
 * tagged with it, so that no such code runs after the crash or during a pause.
 */
export class SimulatedProcess {
  /** The name of the node; "" for code that belongs to no node. */
  readonly name: string;
  /** The number of earlier lives of the node. */
  readonly life: number;
  /** Orders nodes with events that are due at the same time. */
  readonly rank: number;
  /** The randomness of `Math.random` and `crypto`. */
  readonly userRandom: Random;
  /** The randomness of the package itself. */
  readonly ownRandom: Random;
  /** Whether it runs only network code, which needs no other context. */
  readonly isNetwork: boolean;
  /** The offset of its wall clock, in milliseconds. */
  skewMs = 0;
  /** Clean-up functions to call when it crashes. */
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

  /** Runs `fn`, and everything that it starts, as code of this process. */
  run<T>(fn: () => T): T {
    return current.run(this, fn);
  }

  /** Runs `action` now, after the pause, or never, depending on the state. */
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

  /** Holds back everything that would run from now on. */
  pause(): void {
    if (this.#state === "running") this.#state = "paused";
  }

  /**
   * Resumes; returns the actions held back, in order, for the caller to run.
   */
  resume(): readonly (() => void)[] {
    if (this.#state !== "paused") return [];
    this.#state = "running";
    return this.#held.splice(0);
  }

  /** Ends the process at once: none of its code runs any more. */
  crash(): void {
    if (this.#state === "dead") return;
    this.#state = "dead";
    this.#held.length = 0;
    for (const undo of this.onCrash) undo();
    this.onCrash.clear();
  }
}
