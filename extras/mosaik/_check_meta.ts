import { isRecord } from "../../rpc/internal.ts";
import type { Meta } from "./meta.ts";

/** A {@linkcode Meta} that names the version of mosaik's API. */
export interface CheckedMeta extends Meta {
  readonly api_version: string;
}

const TYPES: readonly unknown[] = ["time-based", "event-based", "hybrid"];

/**
 * Checks those parts of a simulator's meta that mosaik does not check, or for
 * which it has no message. The attributes of models are left to mosaik.
 *
 * @throws {TypeError} If a part is wrong; the message says why.
 */
export function checkedMeta(meta: Meta, simulator: object): CheckedMeta {
  if (!isRecord(meta)) refuse("it is no object");
  const { api_version = "3.0", type, models, extra_methods = [] } = meta;
  // With any other version mosaik would call in another way.
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

/** Returns a method of the simulator itself; `null` for those of all objects. */
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
