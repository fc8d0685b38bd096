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

/** Names of mosaik's own, which no model or extra method may have. */
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
 * Checks what a simulator tells of itself, which mosaik would otherwise refuse
 * later, or misread.
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
  checkSplit(where, type, inputSplit(model, attrs, type));
  checkSplit(where, type, outputSplit(model, attrs, type));
}

/** Two lists of which each attribute is in one. */
interface Split {
  /** All attributes, or `null` where any name is one. */
  readonly whole: readonly string[] | null;
  /** Those that hold, and those that are events; not given: all others. */
  readonly lasting: Share;
  readonly events: Share;
}

interface Share {
  readonly key: keyof ModelDescription;
  readonly names: readonly string[] | undefined;
}

/** What an attribute is by default is mosaik's choice, not ours. */
function inputSplit(
  model: ModelDescription,
  attrs: readonly string[],
  type: SimulatorType,
): Split {
  const { trigger, "non-trigger": nonTrigger, any_inputs: any } = model;
  const isEventBased = type === "event-based";
  const isTimeBased = type === "time-based";
  return {
    whole: any ? null : attrs,
    lasting: {
      key: "non-trigger",
      names: nonTrigger ?? (isEventBased ? [] : undefined),
    },
    events: {
      key: "trigger",
      names: trigger ??
        (isTimeBased || !isEventBased && nonTrigger === undefined
          ? []
          : undefined),
    },
  };
}

function outputSplit(
  { persistent, "non-persistent": nonPersistent }: ModelDescription,
  attrs: readonly string[],
  type: SimulatorType,
): Split {
  const isEventBased = type === "event-based";
  return {
    whole: attrs,
    lasting: {
      key: "persistent",
      names: persistent ?? (isEventBased ? [] : undefined),
    },
    events: {
      key: "non-persistent",
      names: nonPersistent ?? (isEventBased ? undefined : []),
    },
  };
}

function checkSplit(
  where: string,
  type: SimulatorType,
  { whole, lasting, events }: Split,
): void {
  const barred = type === "time-based"
    ? events
    : type === "event-based"
    ? lasting
    : null;
  const known = whole === null ? null : new Set(whole);
  for (const { key, names = [] } of [lasting, events]) {
    const list = nameList(names, `'${key}' of ${where}`);
    if (key === barred?.key && list.length > 0) {
      refuse(
        `${where} of the type '${type}' has '${key}' attributes, use the type 'hybrid'`,
      );
    }
    const stranger = list.find((name) => known?.has(name) === false);
    if (stranger !== undefined) {
      refuse(`'${stranger}' in '${key}' of ${where} is not in its 'attrs'`);
    }
  }
  checkCover(where, whole, lasting, events);
}

/** Each attribute is in one of the two lists, and in one only. */
function checkCover(
  where: string,
  whole: readonly string[] | null,
  lasting: Share,
  events: Share,
): void {
  if (lasting.names === undefined || events.names === undefined) return;
  const pair = `'${lasting.key}' and '${events.key}' of ${where}`;
  const eventNames = new Set(events.names);
  const both = lasting.names.find((name) => eventNames.has(name));
  if (both !== undefined) refuse(`'${both}' is in both ${pair}`);
  const listed = new Set([...lasting.names, ...events.names]);
  if (whole === null) {
    refuse(
      `${pair} would be all inputs, but 'any_inputs' allows any, leave both out`,
    );
  }
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

/** A method of the simulator's own, or `null`; what all objects have is not. */
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
