import { describeValue } from "../../channel/message.ts";
import { isRecord } from "../../rpc/internal.ts";
import type { Inputs, OutputRequest } from "./data.ts";
import type { Meta, SimulatorType } from "./meta.ts";

/** A kind of argument, with a type guard. */
interface Kind<T> {
  readonly wanted: string;
  readonly fits: (value: unknown) => value is T;
}

export const text: Kind<string> = {
  wanted: "text",
  fits: (value) => typeof value === "string",
};

export const number: Kind<number> = {
  wanted: "a number",
  fits: (value) => typeof value === "number",
};

export const count: Kind<number> = {
  wanted: "an integer from 0",
  fits: (value): value is number => isInteger(value) && value >= 0,
};

/**
 * Returns whether JSON writes a number as a Python integer. Python's integers
 * have no limit, but JSON writes larger numbers with an exponent.
 */
export function isInteger(value: unknown): value is number {
  return Number.isInteger(value) && Math.abs(value as number) < 1e21;
}

export const inputs: Kind<Inputs> = {
  wanted: "an object",
  fits: (value): value is Inputs => isRecord(value),
};

export const outputRequest: Kind<OutputRequest> = {
  wanted: "lists of names by entity",
  fits: (value): value is OutputRequest =>
    isRecord(value) && Object.values(value).every(Array.isArray),
};

/**
 * Checks and returns the arguments of a call from mosaik.
 *
 * @throws {TypeError} If they are not of these kinds.
 */
export function checkedArgs<Args extends readonly unknown[]>(
  name: string,
  args: readonly unknown[],
  ...kinds: { readonly [Index in keyof Args]: Kind<Args[Index]> }
): Args {
  for (const [index, { wanted, fits }] of kinds.entries()) {
    if (fits(args[index])) continue;
    const which = `argument ${index + 1}`;
    throw wrongValue(`call '${name}'`, which, args[index], wanted);
  }
  return args.slice(0, kinds.length) as unknown as Args;
}

/** Returns the error about a value of the wrong kind. */
function wrongValue(
  act: string,
  what: string,
  value: unknown,
  wanted: string,
): TypeError {
  return new TypeError(
    `Cannot ${act}: ${what} is ${describeValue(value)}, wanted ${wanted}`,
  );
}

/** A {@linkcode Meta} that names the version of mosaik's API. */
export interface CheckedMeta extends Meta {
  readonly api_version: string;
}

const TYPES: readonly unknown[] = ["time-based", "event-based", "hybrid"];

/**
 * Checks the parts of a simulator's meta that mosaik does not check, or for
 * which it has no error message. mosaik itself checks the attributes of models.
 *
 * @throws {TypeError} If a part is wrong; the message says why.
 */
export function checkedMeta(meta: Meta, simulator: object): CheckedMeta {
  if (!isRecord(meta)) refuse("it is no object");
  const { api_version = "3.0", type, models, extra_methods = [] } = meta;
  // With other versions, mosaik makes its calls differently.
  if (typeof api_version !== "string" || !/^3(\.\d+)*$/.test(api_version)) {
    refuse(`'api_version' is '${api_version}', only '3.0' is spoken here`);
  }
  if (!TYPES.includes(type)) {
    refuse(`'type' is '${type}', use 'time-based', 'event-based' or 'hybrid'`);
  }
  if (!isRecord(models)) refuse("'models' is missing");
  for (const [name, model] of Object.entries(models)) {
    if (!isRecord(model)) refuse(`model '${name}' is no object`);
  }
  if (!Array.isArray(extra_methods)) refuse("'extra_methods' is no list");
  for (const name of extra_methods) {
    if (extraMethod(simulator, name) === null) {
      refuse(`extra method '${name}' is no method of the simulator, add it`);
    }
  }
  return { ...meta, api_version };
}

/**
 * Returns a method of the simulator; `null` for methods that all objects have.
 */
export function extraMethod(
  simulator: object,
  name: string,
): ((...args: unknown[]) => unknown) | null {
  if (name in Object.prototype) return null;
  const method: unknown = Reflect.get(simulator, name);
  return typeof method === "function"
    ? method as (...args: unknown[]) => unknown
    : null;
}

function refuse(why: string): never {
  throw new TypeError(`Cannot use the simulator's meta: ${why}`);
}

/**
 * Checks the entities that `create` returned. mosaik itself checks types and
 * ids.
 *
 * @throws {TypeError} If it is not a list of `num` entities, or an entity has
 * the reserved id `"time"`.
 */
export function checkEntities(
  entities: unknown,
  num: number,
  model: string,
): void {
  const act = `create ${num} of '${model}'`;
  if (!Array.isArray(entities)) {
    throw wrongValue(act, "what 'create' returned", entities, "a list");
  }
  if (entities.length !== num) {
    throw wrongValue(act, "the number of entities", entities.length, `${num}`);
  }
  if (entities.some((entity) => isRecord(entity) && entity.eid === "time")) {
    throw new TypeError(
      `Cannot ${act}: no entity may be called 'time', which in outputs is the time`,
    );
  }
}

/**
 * Checks the time of the next step that `step` returned.
 *
 * @throws {TypeError} If it is not a time, or is missing for a time-based
 * simulator.
 * @throws {RangeError} If it is not later than `time`.
 */
export function checkNextStep(
  next: unknown,
  time: number,
  type: SimulatorType,
): void {
  if ((next ?? null) === null && type !== "time-based") return;
  const act = `end the step at ${time}`;
  if (!isInteger(next)) {
    throw wrongValue(act, "what 'step' returned", next, "the next step's time");
  }
  if (next <= time) {
    throw new RangeError(
      `Cannot ${act}: 'step' returned ${next}, wanted a later time`,
    );
  }
}

/**
 * Checks the outputs that `getData` returned after a step at `time`.
 *
 * @throws {TypeError} If they are not grouped by entity and attribute.
 * @throws {RangeError} If they are for a time in the past.
 */
export function checkOutputs(outputs: unknown, time: number): void {
  const act = "tell outputs";
  if (!isRecord(outputs)) {
    throw wrongValue(act, "what 'getData' returned", outputs, "an object");
  }
  const { time: outputTime = time, ...byEntity } = outputs;
  for (const [eid, values] of Object.entries(byEntity)) {
    if (values === undefined || isRecord(values)) continue;
    throw wrongValue(act, `the output of '${eid}'`, values, "an object");
  }
  if (!isInteger(outputTime)) {
    throw wrongValue(act, "'time'", outputTime, "an integer");
  }
  if (outputTime < time) {
    throw new RangeError(
      `Cannot ${act}: their 'time' is ${outputTime}, and the step was at ${time}`,
    );
  }
}
