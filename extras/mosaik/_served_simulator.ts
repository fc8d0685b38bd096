import { MethodNotFoundError } from "../../rpc/errors.ts";
import { joinKwargs } from "../../rpc/kwargs.ts";
import { printable } from "../../transports/printable.ts";
import {
  checkedArgs,
  type CheckedMeta,
  checkedMeta,
  checkEntities,
  checkNextStep,
  checkOutputs,
  count,
  extraMethod,
  inputs,
  isInteger,
  number,
  outputRequest,
  text,
} from "./_checks.ts";
import type { InitParams, Inputs, OutputRequest } from "./data.ts";
import type { Mosaik } from "./mosaik.ts";
import type { Simulator } from "./simulator.ts";

/** The minimum size of an entity in an answer: `{"eid":"","type":""},`. */
const ENTITY_BYTES = 21;

/** The keyword arguments of a call. */
type Kwargs = Readonly<Record<string, unknown>>;

/**
 * Maps mosaik's calls to the functions of a simulator, checks their results,
 * and lets them call mosaik. It is independent of the connection.
 */
export class ServedSimulator {
  readonly #simulator: Simulator;
  readonly #mosaik: Mosaik;
  readonly #maxFrameBytes: number;
  readonly #report: (error: unknown) => void;
  /** The meta that was sent to mosaik, or `null` before that. */
  #meta: CheckedMeta | null = null;
  /** The time of the last step. */
  #time = -1;

  /**
   * Answers must fit in `maxFrameBytes`. The simulator's calls to mosaik are
   * sent with `send` until `signal` aborts. `report` receives the errors about
   * results that mosaik refuses.
   */
  constructor(
    simulator: Simulator,
    maxFrameBytes: number,
    signal: AbortSignal,
    send: (content: unknown) => Promise<unknown>,
    report: (error: unknown) => void,
  ) {
    this.#simulator = simulator;
    this.#maxFrameBytes = maxFrameBytes;
    this.#report = report;
    this.#mosaik = this.#client(signal, send);
  }

  /** Returns the client for calls to mosaik, which are made one at a time. */
  #client(
    signal: AbortSignal,
    send: (content: unknown) => Promise<unknown>,
  ): Mosaik {
    /** Resolves when the last call has settled. Never rejects. */
    let last: Promise<unknown> = Promise.resolve();
    // The type `never` stands for any answer of mosaik.
    const call = (name: string, ...args: unknown[]): Promise<never> => {
      const reply = last.then(() => send([name, args, {}]));
      last = reply.catch(() => {});
      return reply as Promise<never>;
    };
    return {
      signal,
      getProgress: () => call("get_progress"),
      getRelatedEntities: (ids: string | readonly string[] | null = null) =>
        call("get_related_entities", ids),
      setEvent: async (time) => {
        this.#checkEvent(time);
        await call("set_event", time);
      },
      getData: (attributes) => call("get_data", attributes),
      setData: async (data) => {
        await call("set_data", data);
      },
    };
  }

  #checkEvent(time: number): void {
    if (this.#meta?.set_events !== true) {
      throw new TypeError(
        "Cannot set an event: the meta does not say so, give it 'set_events: true'",
      );
    }
    if (!isInteger(time) || time < 0) {
      throw new RangeError(
        `Cannot set an event at ${time}: the time must be an integer from 0`,
      );
    }
  }

  /**
   * Answers one call of mosaik.
   *
   * @throws {MethodNotFoundError} If there is no such method.
   * @throws {TypeError} If the call is too early, its arguments are invalid, or
   * `init` or `create` return an invalid result.
   */
  async call(
    name: string,
    args: readonly unknown[],
    kwargs: Kwargs,
  ): Promise<unknown> {
    if (this.#meta === null && name !== "init") {
      throw new TypeError(
        `Cannot call '${
          printable(name)
        }': the simulator is not initialised, call 'init' first`,
      );
    }
    switch (name) {
      case "init":
        return await this.#init(kwargs, ...checkedArgs(name, args, text));
      case "create":
        return await this.#create(
          kwargs,
          ...checkedArgs(name, args, count, text),
        );
      case "setup_done":
        return await this.#simulator.setupDone?.();
      case "step":
        return await this.#step(
          ...checkedArgs(name, args, count, inputs, number),
        );
      case "get_data":
        return await this.#getData(...checkedArgs(name, args, outputRequest));
      default:
        return await this.#extraMethod(name)
          .apply(this.#simulator, [...joinKwargs(args, kwargs)]);
    }
  }

  async #init(params: Kwargs, sid: string): Promise<CheckedMeta> {
    if (this.#meta !== null) {
      throw new TypeError("Cannot initialise the simulator: it is already");
    }
    const simulator = this.#simulator;
    const told = await simulator.init?.(
      sid,
      params as InitParams,
      this.#mosaik,
    );
    return this.#meta = checkedMeta(told ?? simulator.meta, simulator);
  }

  async #create(params: Kwargs, num: number, model: string): Promise<unknown> {
    const most = Math.floor(this.#maxFrameBytes / ENTITY_BYTES);
    if (num > most) {
      throw new RangeError(
        `Cannot create ${num} entities: an answer holds at most ${most}, ask several times or raise 'limits.frames.maxBytes'`,
      );
    }
    const entities = await this.#simulator.create(num, model, params);
    checkEntities(entities, num, model);
    return entities;
  }

  async #step(
    time: number,
    given: Inputs,
    maxAdvance: number,
  ): Promise<unknown> {
    const simulator = this.#simulator;
    const next = await simulator.step(time, given, maxAdvance, this.#mosaik);
    this.#time = time;
    this.#check(() => checkNextStep(next, time, this.#meta!.type));
    return next;
  }

  /**
   * Reports an invalid result, which is sent nevertheless: mosaik raises an
   * error for it, whereas its `run` returns normally if the call fails.
   */
  #check(check: () => void): void {
    try {
      check();
    } catch (error) {
      this.#report(error);
    }
  }

  async #getData(request: OutputRequest): Promise<unknown> {
    if (this.#simulator.getData === undefined) {
      throw new MethodNotFoundError(
        "Cannot tell outputs: the simulator has no 'getData', add it or connect none of its outputs",
      );
    }
    const outputs = await this.#simulator.getData(request);
    this.#check(() => checkOutputs(outputs, this.#time));
    return outputs;
  }

  #extraMethod(name: string): (...args: unknown[]) => unknown {
    const isListed = this.#meta?.extra_methods?.includes(name);
    const method = isListed ? extraMethod(this.#simulator, name) : null;
    if (method !== null) return method;
    throw new MethodNotFoundError(
      `Cannot call '${
        printable(name)
      }': the simulator has no such method, name it in 'extra_methods' of its meta`,
    );
  }
}
