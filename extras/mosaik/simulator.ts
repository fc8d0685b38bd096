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
 * The base class of simulators, which only declares their functions. A plain
 * object with the same functions works as well. mosaik calls the functions one
 * at a time. An error that one throws is sent to mosaik, which ends the
 * simulation. mosaik's `run` then returns as if it were complete, so errors of
 * `setupDone`, `step` and `getData` are reported to `onError`, too.
 *
 * A simulator may have further methods, which `meta.extra_methods` lists. A
 * scenario's keyword arguments are passed to them as the last argument, a plain
 * object.
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
  /** The meta that is sent to mosaik, unless `init` returns another one. */
  abstract readonly meta: Meta;

  /**
   * Called first. May return the meta for these parameters. `mosaik` can be
   * used for the whole simulation.
   */
  init?(
    sid: string,
    params: InitParams,
    mosaik: Mosaik,
  ): Meta | void | Promise<Meta | void>;

  /** Creates exactly `num` entities of a model. */
  abstract create(
    num: number,
    model: string,
    params: Readonly<Record<string, unknown>>,
  ): readonly Entity[] | Promise<readonly Entity[]>;

  /** Called once all entities are created and connected. */
  setupDone?(): void | Promise<void>;

  /**
   * Advances to `time`, and returns the time of the next step: an integer later
   * than `time`, or nothing or `null` if the type is not time-based. Until
   * `maxAdvance`, the only further steps are those that the simulator causes
   * itself.
   */
  abstract step(
    time: number,
    inputs: Inputs,
    maxAdvance: number,
    mosaik: Mosaik,
  ): number | null | void | Promise<number | null | void>;

  /**
   * Returns the requested values; values that have not changed may be omitted.
   * Required if any output is connected.
   */
  getData?(outputs: OutputRequest): Outputs | Promise<Outputs>;

  /**
   * Cleans up. Runs once at the end, whether mosaik stops the simulator, mosaik
   * is gone, or the simulator is closed on this side.
   */
  stop?(): void | Promise<void>;

  /**
   * Receives the command line before any other call; only for `runSimulator`.
   */
  configure?(args: CommandLine): void | Promise<void>;
}

/** The functions of a simulator, as methods of a class or an object. */
export type SimulatorFunctions = Simulator;
