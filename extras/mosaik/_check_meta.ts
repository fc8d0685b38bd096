import { isRecord } from "../../rpc/internal.ts";
import type { Meta, ModelDescription, SimulatorType } from "./meta.ts";

/** A {@linkcode Meta} that mosaik will take. */
export interface CheckedMeta extends Meta {
  readonly api_version: "3.0";
}

const TYPES: ReadonlySet<unknown> = new Set<SimulatorType>([
  "time-based",
  "event-based",
  "hybrid",
]);

/** Names of mosaik's own methods, which no model or extra method may have. */
const RESERVED: ReadonlySet<string> = new Set([
  "init",
  "create",
  "setup_done",
  "step",
  "get_data",
  "finalize",
  "stop",
]);

/**
 * Checks the meta of a simulator, which mosaik would otherwise refuse later or
 * misread.
 *
 * @throws {TypeError} If it is not consistent; the message says why.
 */
export function checkedMeta(meta: Meta, simulator: object): CheckedMeta {
  if (!isRecord(meta)) refuse("it is no object");
  const { api_version = "3.0", type, models } = meta;
  if (api_version !== "3.0") {
    refuse(`'api_version' is '${api_version}', only '3.0' is spoken here`);
  }
  if (!TYPES.has(type)) {
    refuse(
      `'type' is '${type}', use 'time-based', 'event-based' or 'hybrid'`,
    );
  }
  if (!isRecord(models)) refuse("'models' is missing");
  for (const [name, model] of Object.entries(models)) {
    checkModel(name, model, type);
  }
  for (const name of nameList(meta.extra_methods ?? [], "'extra_methods'")) {
    checkExtraMethod(name, models, simulator);
  }
  return { ...meta, api_version };
}

function checkModel(
  name: string,
  model: ModelDescription,
  type: SimulatorType,
): void {
  const where = `model '${name}'`;
  if (RESERVED.has(name)) {
    refuse(`${where} has the name of a method of mosaik, choose another`);
  }
  if (!isRecord(model)) refuse(`${where} is no object`);
  if (typeof model.public !== "boolean") {
    refuse(`${where} lacks 'public', set it to true or false`);
  }
  nameList(model.params, `'params' of ${where}`);
  const attrs = nameList(model.attrs, `'attrs' of ${where}`);
  const inputs = model.any_inputs ? null : attrs;
  checkSplit(where, type, model, "non-trigger", "trigger", inputs);
  checkSplit(where, type, model, "persistent", "non-persistent", attrs);
}

/**
 * Checks two lists of attributes: those whose values last, and events. mosaik
 * fills in a list that is not given; `whole` is `null` if any name will do.
 */
function checkSplit(
  where: string,
  type: SimulatorType,
  model: ModelDescription,
  lasting: "non-trigger" | "persistent",
  events: "trigger" | "non-persistent",
  whole: readonly string[] | null,
): void {
  const known = whole === null ? null : new Set(whole);
  for (const key of [lasting, events] as const) {
    const list = nameList(model[key] ?? [], `'${key}' of ${where}`);
    const isBarred = key === events
      ? type === "time-based"
      : type === "event-based";
    if (isBarred && list.length > 0) {
      refuse(
        `${where} of the type '${type}' has '${key}' attributes, use the type 'hybrid'`,
      );
    }
    const stranger = list.find((name) => known?.has(name) === false);
    if (stranger !== undefined) {
      refuse(`'${stranger}' in '${key}' of ${where} is not in its 'attrs'`);
    }
  }
  // Without a list of events, outputs of a hybrid simulator all last.
  const hasNoEvents = type === "time-based" ||
    (type === "hybrid" && lasting === "persistent");
  const held = model[lasting] ?? (type === "event-based" ? [] : null);
  const moments = model[events] ?? (hasNoEvents ? [] : null);
  if (held === null || moments === null) return;
  const pair = `'${lasting}' and '${events}' of ${where}`;
  const eventNames = new Set(moments);
  const both = held.find((name) => eventNames.has(name));
  if (both !== undefined) refuse(`'${both}' is in both ${pair}`);
  if (whole === null) {
    refuse(
      `${pair} would be all inputs, but 'any_inputs' allows any, leave both out`,
    );
  }
  const listed = new Set([...held, ...moments]);
  const missing = whole.find((name) => !listed.has(name));
  if (missing !== undefined) refuse(`'${missing}' is in neither of ${pair}`);
}

function checkExtraMethod(
  name: string,
  models: Meta["models"],
  simulator: object,
): void {
  if (RESERVED.has(name)) {
    refuse(`extra method '${name}' has the name of a method of mosaik`);
  }
  if (Object.hasOwn(models, name)) {
    refuse(`extra method '${name}' has the name of a model`);
  }
  if (extraMethod(simulator, name) === null) {
    refuse(`extra method '${name}' is no method of the simulator, add it`);
  }
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

function nameList(names: unknown, what: string): readonly string[] {
  if (Array.isArray(names) && names.every((it) => typeof it === "string")) {
    return names;
  }
  return refuse(`${what} is no list of names`);
}

function refuse(why: string): never {
  throw new TypeError(`Cannot use the simulator's meta: ${why}`);
}
