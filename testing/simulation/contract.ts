import type { Container } from "../../agent/container.ts";
import type { ContainerOptions } from "../../agent/container_options.ts";
import type { Chaos } from "./plan.ts";
import type { PlannedFault } from "./trace/trace.ts";

/** Options for `simulate`. */
export interface SimulateOptions {
  /**
   * The number of seeds to run, at least 1.
   *
   * @default {100, or the environment variable DENOMAS_SEEDS}
   */
  readonly seeds?: number;
  /**
   * The length of a run, in virtual milliseconds. {@linkcode Simulation.run}
   * waits until then. A body that is still running afterwards fails, unless it
   * calls {@linkcode Simulation.calm}.
   *
   * @default {60_000}
   */
  readonly untilMs?: number;
  /**
   * The probabilities of network and node faults.
   *
   * @default {none}
   */
  readonly chaos?: Chaos;
  /**
   * Runs over TCP on the loopback interface, in real time, to check that a
   * program behaves the same there. The nodes and their faults derive from the
   * seed, but a run is not exactly repeatable, and plans are not shrunk.
   *
   * @default {false}
   */
  readonly sockets?: boolean;
  /**
   * A fixed plan of faults, instead of random ones. Each must begin within
   * `untilMs`, at a node that the body starts.
   */
  readonly faults?: readonly PlannedFault[];
}

/** The argument of the program of a simulated node. */
export interface SimulationNode {
  /** The name of the node. */
  readonly name: string;
  /** The number of times that the node was restarted. */
  readonly restarts: number;
  /** Waits `ms` virtual milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Returns a random integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /**
   * Creates a container. In each life of the node, the first container has the
   * address `local://` followed by the name of the node; later ones also get a
   * number, such as `-2`.
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
   * Starts a node that runs `program`. The program starts again after each
   * crash. The run fails if the program rejects, or if the body ends without
   * waiting for anything after it has started a node.
   *
   * @returns What the program returns in the first life that ends.
   * @throws {TypeError} If the name is empty or belongs to another node.
   */
  node<T>(
    name: string,
    program: (node: SimulationNode) => T | Promise<T>,
  ): Promise<T>;
  /** Waits `ms` virtual milliseconds. */
  sleep(ms: number): Promise<void>;
  /** Returns a random integer from `low` to `high`, both included. */
  between(low: number, high: number): number;
  /**
   * Adds a fault, now or later, to those of the plan. The run fails at its end
   * if the node of a fault was never started.
   *
   * @throws {TypeError} If the kind of the fault is unknown.
   * @throws {RangeError} If it begins after the end of the run.
   */
  fault(fault: PlannedFault): void;
  /** Writes a note into the trace. */
  note(text: string): void;
  /**
   * Waits until the end of the run's time, while faults occur. The run fails if
   * the body ends before a `run` or `calm` that it has called.
   */
  run(): Promise<void>;
  /**
   * Ends all faults, prevents further ones, and restarts crashed nodes. Then
   * waits for `forMs`, by default 30,000, or until all properties of
   * {@linkcode Simulation.eventually} have been true once. The run fails if one
   * never was.
   */
  calm(options?: { readonly forMs?: number }): Promise<void>;
  /** Fails the run as soon as `isTrue` returns `false` after an event. */
  always(what: string, isTrue: () => boolean): void;
  /**
   * Fails the test if `isTrue` returns `true` in none of its seeds. Not checked
   * in a test that runs only one seed.
   */
  sometimes(what: string, isTrue: () => boolean): void;
  /**
   * Fails the run if a calm ends in which `isTrue` never returned `true`, or if
   * no calm follows.
   */
  eventually(what: string, isTrue: () => boolean): void;
}
