import { MethodNotFoundError } from "../rpc/errors.ts";
import { joinKwargs } from "../rpc/kwargs.ts";
import { type CheckedMeta, checkedMeta, extraMethod } from "./_check_meta.ts";
import {
  checkedNextStep,
  checkEntities,
  checkOutputs,
} from "./_check_results.ts";
import type { InitParams, Inputs, OutputRequest } from "./data.ts";
import type { Mosaik } from "./mosaik.ts";
import type { SimulatorFunctions } from "./simulator.ts";

/**
 * Calls the functions of a simulator by the names and with the arguments of
 * mosaik, and checks what they return. It knows nothing of connections.
 */
export class ServedSimulator {
  readonly #simulator: SimulatorFunctions;
  readonly #mosaik: Mosaik;
  readonly #entities = new Set<string>();
  #meta: CheckedMeta | null = null;
  /** The time of the newest step. */
  #time = -1;

  constructor(simulator: SimulatorFunctions, mosaik: Mosaik) {
    this.#simulator = simulator;
    this.#mosaik = mosaik;
  }

  /** What mosaik was told, or `null` before that. */
  get meta(): CheckedMeta | null {
    return this.#meta;
  }

  /**
   * Answers one call of mosaik.
   *
   * @throws {MethodNotFoundError} If there is no such method.
   * @throws {TypeError} If it comes too early, or what the simulator returns is
   * not what mosaik needs.
   */
  async call(
    name: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    if (name === "init") return await this.#init(args, kwargs);
    const meta = this.#meta;
    if (meta === null) {
      throw new TypeError(
        `Cannot call '${name}': the simulator is not initialised, call 'init' first`,
      );
    }
    switch (name) {
      case "create":
        return await this.#create(meta, args, kwargs);
      case "setup_done":
        return await this.#simulator.setupDone?.();
      case "step":
        return await this.#step(meta, args);
      case "get_data":
        return await this.#getData(meta, args);
      default:
        return await this.#callExtra(meta, name, args, kwargs);
    }
  }

  async #init(
    [sid]: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
  ): Promise<CheckedMeta> {
    if (this.#meta !== null) {
      throw new TypeError("Cannot initialise the simulator: it is already");
    }
    const told = await this.#simulator.init?.(
      sid as string,
      kwargs as InitParams,
      this.#mosaik,
    );
    this.#meta = checkedMeta(told ?? this.#simulator.meta, this.#simulator);
    return this.#meta;
  }

  async #create(
    { models }: CheckedMeta,
    args: readonly unknown[],
    params: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    const [num, model] = args as [number, string];
    const entities = await this.#simulator.create(num, model, params);
    checkEntities(entities, { num, model }, models, this.#entities);
    return entities;
  }

  async #step(
    { type }: CheckedMeta,
    args: readonly unknown[],
  ): Promise<number | null> {
    const [time, inputs, maxAdvance] = args as [number, Inputs, number];
    const next = await this.#simulator.step(
      time,
      inputs,
      maxAdvance,
      this.#mosaik,
    );
    this.#time = time;
    return checkedNextStep(next, time, type);
  }

  async #getData(
    { type }: CheckedMeta,
    [asked]: readonly unknown[],
  ): Promise<unknown> {
    if (this.#simulator.getData === undefined) {
      throw new MethodNotFoundError(
        "Cannot tell outputs: the simulator has no 'getData', add it or connect none of its outputs",
      );
    }
    const request = asked as OutputRequest;
    const outputs = await this.#simulator.getData(request);
    checkOutputs(outputs, request, this.#time, type);
    return outputs;
  }

  async #callExtra(
    { extra_methods = [] }: CheckedMeta,
    name: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    const method = extra_methods.includes(name)
      ? extraMethod(this.#simulator, name)
      : null;
    if (method === null) {
      throw new MethodNotFoundError(
        `Cannot call '${name}': the simulator has no such method, name it in 'extra_methods' of its meta`,
      );
    }
    return await method.apply(
      this.#simulator,
      joinKwargs(args, kwargs) as unknown[],
    );
  }
}
