/**
 * The grid operator's controller of a park, as a mosaik simulator. Whenever it
 * receives the park's available power, it compares that with the power the grid
 * can take at that time of day. If the cap has changed, it sends the new cap to
 * the park.
 *
 *     deno run --allow-net controller.ts HOST:PORT
 *
 * @module
 */
import {
  type Entity,
  type Inputs,
  type Outputs,
  runSimulator,
  type SimulatorFunctions,
} from "@denomas/denomas/mosaik";

/** The power that the grid takes from a time on, in seconds and watts. */
type Limit = readonly [from: number, watts: number];

/**
 * Creates the controller. A simulator may also be a plain object, like this
 * one.
 */
export function makeController(): SimulatorFunctions {
  let limits: readonly Limit[] = [];
  let cap: number | null = null;
  let isNew = false;
  return {
    meta: {
      type: "event-based",
      models: {
        Controller: {
          public: true,
          params: ["limits"],
          attrs: ["available", "cap"],
        },
      },
    },
    create(num, type, params): Entity[] {
      if (num !== 1) {
        throw new RangeError("Cannot create the controller: there is but one");
      }
      limits = params["limits"] as readonly Limit[];
      return [{ eid: "controller", type }];
    },
    step(time: number, inputs: Inputs): void {
      const available = Number(
        Object.values(inputs["controller"]?.["available"] ?? {})[0],
      );
      const limit = limits.findLast(([from]) => from <= time)?.[1] ?? Infinity;
      const wanted = available > limit ? limit : null;
      isNew = wanted !== cap;
      cap = wanted;
    },
    getData: (): Outputs => isNew ? { controller: { cap } } : {},
  };
}

if (import.meta.main) Deno.exit(await runSimulator(makeController()));
