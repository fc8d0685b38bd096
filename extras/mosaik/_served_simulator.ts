import { MethodNotFoundError } from "../../rpc/errors.ts";
import { joinKwargs } from "../../rpc/kwargs.ts";
import { printable } from "../../transports/printable.ts";
import {
  type Call,
  count,
  inputs,
  type Kwargs,
  makeCall,
  number,
  outputRequest,
  text,
} from "./_calls.ts";
import { type CheckedMeta, checkedMeta, extraMethod } from "./_check_meta.ts";
import {
  checkedNextStep,
  checkEntities,
  checkOutputs,
} from "./_check_results.ts";
import type { InitParams } from "./data.ts";
import type { Mosaik } from "./mosaik.ts";
import type { Simulator } from "./simulator.ts";

/** The shortest entity in an answer: `{"eid":"","type":""},`. */
const ENTITY_BYTES = 21;

/**
 * Calls the functions of a simulator by the names and with the arguments of
 * mosaik, and checks what they return. It knows nothing of connections.
 */
export class ServedSimulator {
  /** What mosaik was told, or `null` before that. */
  meta: CheckedMeta | null = null;
  readonly #simulator: Simulator;
  readonly #calls: ReadonlyMap<string, Call>;
  /** The time of the newest step. */
  #time = -1;

  /** Answers must fit frames of `limits.frames.maxBytes`. */
  constructor(
    simulator: Simulator,
    mosaik: Mosaik,
    maxFrameBytes: number,
  ) {
    this.#simulator = simulator;
    const init = makeCall("init", [text], async ([sid], params) => {
      if (this.meta !== null) {
        throw new TypeError("Cannot initialise the simulator: it is already");
      }
      const told = await simulator.init?.(sid, params as InitParams, mosaik);
      this.meta = checkedMeta(told ?? simulator.meta, simulator);
      return this.meta;
    });
    const create = makeCall(
      "create",
      [count, text],
      async ([num, model], params) => {
        checkFits(num, maxFrameBytes);
        const entities = await simulator.create(num, model, params);
        checkEntities(entities, num, model);
        return entities;
      },
    );
    const step = makeCall(
      "step",
      [count, inputs, number],
      async ([time, given, maxAdvance]) => {
        const next = await simulator.step(time, given, maxAdvance, mosaik);
        this.#time = time;
        return checkedNextStep(next, time, this.meta!.type);
      },
    );
    const getData = makeCall("get_data", [outputRequest], async ([request]) => {
      if (simulator.getData === undefined) {
        throw new MethodNotFoundError(
          "Cannot tell outputs: the simulator has no 'getData', add it or connect none of its outputs",
        );
      }
      const outputs = await simulator.getData(request);
      checkOutputs(outputs, this.#time);
      return outputs;
    });
    this.#calls = new Map<string, Call>([
      ["init", init],
      ["create", create],
      ["setup_done", () => simulator.setupDone?.()],
      ["step", step],
      ["get_data", getData],
    ]);
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
    kwargs: Kwargs,
  ): Promise<unknown> {
    if (this.meta === null && name !== "init") {
      throw new TypeError(
        `Cannot call '${
          printable(name)
        }': the simulator is not initialised, call 'init' first`,
      );
    }
    const call = this.#calls.get(name) ?? this.#extraCall(name);
    return await call(args, kwargs);
  }

  #extraCall(name: string): Call {
    const isListed = this.meta?.extra_methods?.includes(name);
    const method = isListed ? extraMethod(this.#simulator, name) : null;
    if (method === null) {
      throw new MethodNotFoundError(
        `Cannot call '${
          printable(name)
        }': the simulator has no such method, name it in 'extra_methods' of its meta`,
      );
    }
    return (args, kwargs) =>
      method.apply(this.#simulator, [...joinKwargs(args, kwargs)]);
  }
}

/** Checks that an answer can hold `num` entities. */
function checkFits(num: number, maxFrameBytes: number): void {
  const most = Math.floor(maxFrameBytes / ENTITY_BYTES);
  if (num <= most) return;
  throw new RangeError(
    `Cannot create ${num} entities: an answer holds at most ${most}, ask several times or raise 'limits.frames.maxBytes'`,
  );
}
