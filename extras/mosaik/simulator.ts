import type { CommandLine } from "./command_line.ts";
import type {
  Entity,
  InitParams,
  Inputs,
  OutputRequest,
  Outputs,
} from "./data.ts";
import type { Meta } from "./meta.ts";
import type { Mosaik } from "./mosaik.ts";

/**
 * The base of simulators that are classes: all it does is to say what must be
 * there. A plain object with the same functions does as well. mosaik calls them
 * one at a time. What one throws is told to mosaik, which ends the simulation.
 * mosaik's `run` then returns as if it were complete, so what `setupDone`, `step`
 * and `getData` throw goes to `onError`, too.
 *
 * Methods that `meta.extra_methods` names stand beside these. A scenario's
 * keyword arguments arrive as a last argument, a plain object.
 *
 * ```ts
 * import { type Entity, type Inputs, Simulator } from "@denomas/denomas/mosaik";
 * import { assertEquals } from "@std/assert";
 *
 * class Lamp extends Simulator {
 *   override readonly meta = {
 *     type: "time-based",
 *     models: { Lamp: { public: true, params: [], attrs: ["power"] } },
 *   } as const;
 *   override create(num: number, model: string): Entity[] {
 *     return Array.from({ length: num }, (_, i) => ({ eid: `lamp-${i}`, type: model }));
 *   }
 *   override step(time: number, _inputs: Inputs): number {
 *     return time + 60;
 *   }
 * }
 *
 * assertEquals(new Lamp().create(1, "Lamp"), [{ eid: "lamp-0", type: "Lamp" }]);
 * ```
 */
export abstract class Simulator {
  /** What mosaik is told, unless `init` returns another. */
  abstract readonly meta: Meta;

  /**
   * Comes first. May return what `meta` is to be with these parameters.
   * `mosaik` serves for the whole simulation.
   */
  init?(
    sid: string,
    params: InitParams,
    mosaik: Mosaik,
  ): Meta | void | Promise<Meta | void>;

  /** Makes exactly `num` entities of a model. */
  abstract create(
    num: number,
    model: string,
    params: Readonly<Record<string, unknown>>,
  ): readonly Entity[] | Promise<readonly Entity[]>;

  /** Comes once all entities are created and connected. */
  setupDone?(): void | Promise<void>;

  /**
   * Advances to `time`, and returns the time of the next step: an integer later
   * than `time`, or nothing or `null` where the type is not time-based. Until
   * `maxAdvance` no step comes that the simulator has not caused itself.
   */
  abstract step(
    time: number,
    inputs: Inputs,
    maxAdvance: number,
    mosaik: Mosaik,
  ): number | null | void | Promise<number | null | void>;

  /**
   * Returns the values asked for; those that are no news may be left out.
   * Needed as soon as an output is connected.
   */
  getData?(outputs: OutputRequest): Outputs | Promise<Outputs>;

  /**
   * Cleans up. Runs once at the end, however that comes: mosaik stops the
   * simulator or is gone, or the simulator is closed on this side.
   */
  stop?(): void | Promise<void>;

  /** Takes the command line, before anything else; for `runSimulator` only. */
  configure?(args: CommandLine): void | Promise<void>;
}

/** The functions that make up a simulator, as methods of a class or an object. */
export type SimulatorFunctions = Simulator;
