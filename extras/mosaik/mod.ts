/**
 * Simulators for the co-simulation framework mosaik, version 3. With them a
 * Deno program can take part in scenarios written in Python.
 *
 * A simulator is a class that extends {@linkcode Simulator}, or a plain object
 * with the same functions. {@linkcode runSimulator} runs it as a program, for
 * mosaik's `cmd`; {@linkcode connectSimulator} and {@linkcode listenSimulator}
 * start it from code, the latter for mosaik's `connect`. Scenarios are still
 * written in Python: this is not a scheduler.
 *
 * ```ts
 * import { type Inputs, listenSimulator, Simulator } from "@denomas/denomas/mosaik";
 * import { openConnection } from "@denomas/denomas/channel";
 * import { assertEquals } from "@std/assert";
 *
 * class Meter extends Simulator {
 *   #total = 0;
 *   override readonly meta = {
 *     type: "event-based",
 *     models: { Meter: { public: true, params: [], attrs: ["power"] } },
 *   } as const;
 *   override create(num: number, type: string) {
 *     return Array.from({ length: num }, (_, i) => ({ eid: `meter-${i}`, type }));
 *   }
 *   override step(_time: number, inputs: Inputs): void {
 *     const sources = inputs["meter-0"]?.["power"] ?? {};
 *     for (const value of Object.values(sources)) this.#total += Number(value);
 *   }
 *   override stop(): void {
 *     assertEquals(this.#total, 3);
 *   }
 * }
 *
 * await using simulator = await listenSimulator(new Meter(), "local://meters");
 *
 * // What mosaik does:
 * await using mosaik = await openConnection(simulator.address);
 * await mosaik.send(["init", ["Meters-0"], { time_resolution: 1 }]);
 * await mosaik.send(["create", [1, "Meter"], {}]);
 * const inputs = { "meter-0": { power: { "A-0.a": 1, "B-0.b": 2 } } };
 * assertEquals(await mosaik.send(["step", [0, inputs, 60], {}]), null);
 * ```
 *
 * @module
 */
export type { CommandLine } from "./command_line.ts";
export type {
  Entity,
  InitParams,
  Inputs,
  OutputRequest,
  Outputs,
} from "./data.ts";
export { connectSimulator, listenSimulator } from "./start.ts";
export type { Meta } from "./meta.ts";
export type { Mosaik } from "./mosaik.ts";
export { runSimulator } from "./run.ts";
export type { RunningSimulator } from "./running_simulator.ts";
export { Simulator, type SimulatorFunctions } from "./simulator.ts";
