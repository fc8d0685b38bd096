import type { Container } from "../../agent/container.ts";
import type { ContainerOptions } from "../../agent/container_options.ts";
import type { Chaos } from "./plan.ts";
import type { PlannedFault } from "./trace/trace.ts";

/** Options for `simulate`. */
export interface SimulateOptions {
  /**
   * How many seeds are run, from 1 on.
   *
   * @default {100, or the environment variable DENOMAS_SEEDS}
   */
  readonly seeds?: number;
  /**
   * The length of a run, in virtual milliseconds. {@linkcode Simulation.run}
   * waits for it; a body that has not ended then, and does not calm down, fails.
   *
   * @default {60_000}
   */
  readonly untilMs?: number;
  /**
   * The chances of faults of network and nodes.
   *
   * @default {none}
   */
  readonly chaos?: Chaos;
  /**
   * Runs over TCP on the loopback interface, in real time: to see that a program
   * does the same there. Its nodes and their faults are those of the seed, but a
   * run is not the same twice, and no plan is shrunk.
   *
   * @default {false}
   */
  readonly sockets?: boolean;
  /** A plan of faults, in place of chances. */
  readonly faults?: readonly PlannedFault[];
}

/** What the program of a simulated node is given. */
export interface SimulationNode {
  /** The name of the node. */
  readonly name: string;
  /** How often the node was restarted. */
  readonly restarts: number;
  /** Waits some virtual milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Returns a random integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /**
   * Creates a container. The first one of each life of the node has the address
   * `local://` and the name of the node, the next ones have a number behind it.
   */
  createContainer(options?: ContainerOptions): Promise<Container>;
}

/** One run of a simulated world. */
export interface Simulation {
  /** The seed of the run. */
  readonly seed: number;
  /** The virtual time since the start of the run, in milliseconds. */
  readonly now: number;
  /**
   * Starts a node, whose program is `program`: it is started again after each
   * crash. The run fails if it rejects.
   *
   * @returns What the program returns in the first life that ends.
   * @throws {TypeError} If there is a node of that name.
   */
  node<T>(
    name: string,
    program: (node: SimulationNode) => T | Promise<T>,
  ): Promise<T>;
  /** Waits some virtual milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Returns a random integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /** Adds a fault, now or later, to those of the plan. */
  fault(fault: PlannedFault): void;
  /** Writes a note into the trace. */
  note(text: string): void;
  /** Waits until the end of the run's time, under its faults. */
  run(): Promise<void>;
  /**
   * Ends all faults, lets no more begin, and restarts what has crashed; then
   * waits for `forMs`, 30,000 by default. All that
   * {@linkcode Simulation.eventually} names must be true once in this time: when
   * it was, the wait ends.
   */
  calm(options?: { readonly forMs?: number }): Promise<void>;
  /** Fails the run as soon as `isTrue` returns `false` after an event. */
  always(what: string, isTrue: () => boolean): void;
  /** Fails the test if `isTrue` returns `true` in none of its seeds. */
  sometimes(what: string, isTrue: () => boolean): void;
  /** Fails the run if `isTrue` is not `true` once in each calm after it. */
  eventually(what: string, isTrue: () => boolean): void;
}
