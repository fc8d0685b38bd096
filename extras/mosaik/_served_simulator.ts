import { MethodNotFoundError } from "../../rpc/errors.ts";
import { joinKwargs } from "../../rpc/kwargs.ts";
import { printable } from "../../transports/printable.ts";
import {
  checkedCreation,
  checkedRequest,
  checkedSid,
  checkedStep,
} from "./_check_calls.ts";
import { type CheckedMeta, checkedMeta, extraMethod } from "./_check_meta.ts";
import {
  checkedNextStep,
  checkEntities,
  checkOutputs,
} from "./_check_results.ts";
import type { InitParams } from "./data.ts";
import type { Mosaik } from "./mosaik.ts";
import type { SimulatorFunctions } from "./simulator.ts";

/**
 * Calls the functions of a simulator by the names and with the arguments of
 * mosaik, and checks what they return. It knows nothing of connections.
 */
export class ServedSimulator {
  readonly #simulator: SimulatorFunctions;
  readonly #mosaik: Mosaik;
  readonly #maxFrameBytes: number;
  #meta: CheckedMeta | null = null;
  /** The names in `extra_methods` of the meta. */
  #extraMethods: ReadonlySet<string> = new Set();
  /** The time of the newest step. */
  #time = -1;

  /** Answers must fit frames of `limits.frames.maxBytes`. */
  constructor(
    simulator: SimulatorFunctions,
    mosaik: Mosaik,
    maxFrameBytes: number,
  ) {
    this.#simulator = simulator;
    this.#mosaik = mosaik;
    this.#maxFrameBytes = maxFrameBytes;
  }

  /** What mosaik was told, or `null` before that. */
  get meta(): CheckedMeta | null {
    return this.#meta;
  }

  /**
   * Answers one call of mosaik.
   *
   * @throws {MethodNotFoundError} If there is no such method.
   * @throws {TypeError} If it comes too early, its arguments are not mosaik's,
   * or what the simulator returns is not what mosaik needs.
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
        `Cannot call '${
          printable(name)
        }': the simulator is not initialised, call 'init' first`,
      );
    }
    switch (name) {
      case "create":
        return await this.#create(args, kwargs);
      case "setup_done":
        return await this.#simulator.setupDone?.();
      case "step":
        return await this.#step(meta, args);
      case "get_data":
        return await this.#getData(args);
      default:
        return await this.#callExtra(name, args, kwargs);
    }
  }

  async #init(
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
  ): Promise<CheckedMeta> {
    if (this.#meta !== null) {
      throw new TypeError("Cannot initialise the simulator: it is already");
    }
    const told = await this.#simulator.init?.(
      checkedSid(args),
      kwargs as InitParams,
      this.#mosaik,
    );
    this.#meta = checkedMeta(told ?? this.#simulator.meta, this.#simulator);
    this.#extraMethods = new Set(this.#meta.extra_methods);
    return this.#meta;
  }

  async #create(
    args: readonly unknown[],
    params: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    const { num, model } = checkedCreation(args, this.#maxFrameBytes);
    const entities = await this.#simulator.create(num, model, params);
    checkEntities(entities, num, model);
    return entities;
  }

  async #step(
    { type }: CheckedMeta,
    args: readonly unknown[],
  ): Promise<number | null> {
    const { time, inputs, maxAdvance } = checkedStep(args);
    const next = await this.#simulator.step(
      time,
      inputs,
      maxAdvance,
      this.#mosaik,
    );
    this.#time = time;
    return checkedNextStep(next, time, type);
  }

  async #getData(args: readonly unknown[]): Promise<unknown> {
    if (this.#simulator.getData === undefined) {
      throw new MethodNotFoundError(
        "Cannot tell outputs: the simulator has no 'getData', add it or connect none of its outputs",
      );
    }
    const outputs = await this.#simulator.getData(checkedRequest(args));
    checkOutputs(outputs, this.#time);
    return outputs;
  }

  async #callExtra(
    name: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
  ): Promise<unknown> {
    const method = this.#extraMethods.has(name)
      ? extraMethod(this.#simulator, name)
      : null;
    if (method === null) {
      throw new MethodNotFoundError(
        `Cannot call '${
          printable(name)
        }': the simulator has no such method, name it in 'extra_methods' of its meta`,
      );
    }
    return await method.apply(
      this.#simulator,
      joinKwargs(args, kwargs) as unknown[],
    );
  }
}
