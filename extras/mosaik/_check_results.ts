import { describeValue } from "../../channel/message.ts";
import { isRecord } from "../../rpc/internal.ts";
import { wrongValue } from "./_check_calls.ts";
import type { Entity, OutputRequest, Outputs } from "./data.ts";
import type { Meta, SimulatorType } from "./meta.ts";

/**
 * Checks what `create` returned, and adds the ids of the new entities to
 * `known` if all is well.
 *
 * @throws {TypeError} If it is not what was asked for; the message says why.
 */
export function checkEntities(
  entities: unknown,
  wanted: { readonly num: number; readonly model: string },
  models: Meta["models"],
  known: Set<string>,
): asserts entities is readonly Entity[] {
  const { num, model } = wanted;
  const act = `create ${num} of '${model}'`;
  if (!Array.isArray(entities)) {
    throw wrongValue(act, "what 'create' returned", entities, "a list");
  }
  if (entities.length !== num) {
    throw wrongValue(act, "the number of entities", entities.length, `${num}`);
  }
  const added = new Set<string>();
  for (const entity of entities) {
    const why = entityFault(entity, models, (eid) => {
      const isNew = !known.has(eid) && !added.has(eid);
      added.add(eid);
      return isNew;
    });
    if (why !== null) throw new TypeError(`Cannot ${act}: ${why}`);
    if (entity.type !== model) {
      throw new TypeError(
        `Cannot ${act}: entity '${entity.eid}' is of the type '${entity.type}'`,
      );
    }
  }
  for (const eid of added) known.add(eid);
}

/** What is wrong with an entity or its children, or `null`. */
function entityFault(
  entity: unknown,
  models: Meta["models"],
  add: (eid: string) => boolean,
): string | null {
  if (!isRecord(entity) || typeof entity.eid !== "string") {
    return `${describeValue(entity)} is no entity, it needs 'eid' and 'type'`;
  }
  const { eid, type, children = [] } = entity;
  if (eid === "time") {
    return "no entity may be called 'time', which in outputs is the time";
  }
  if (!add(eid)) return `entity '${eid}' is there twice`;
  if (typeof type !== "string" || !Object.hasOwn(models, type)) {
    return `entity '${eid}' is of the type '${type}', which is no model of the meta`;
  }
  if (!Array.isArray(children)) return `'children' of '${eid}' is no list`;
  for (const child of children) {
    const fault = entityFault(child, models, add);
    if (fault !== null) return fault;
  }
  return null;
}

/**
 * The time of the next step that `step` returned, or `null`.
 *
 * @throws {TypeError} If it is neither.
 * @throws {RangeError} If it is not later than `time`.
 */
export function checkedNextStep(
  next: unknown,
  time: number,
  type: SimulatorType,
): number | null {
  if ((next ?? null) === null && type !== "time-based") return null;
  if (!Number.isSafeInteger(next)) {
    const act = `end the step at ${time}`;
    throw wrongValue(act, "what 'step' returned", next, "the next step's time");
  }
  if (next as number <= time) {
    throw new RangeError(
      `Cannot end the step at ${time}: 'step' returned ${next}, wanted a later time`,
    );
  }
  return next as number;
}

/**
 * Checks what `getData` returned after a step at `time`.
 *
 * @throws {TypeError} If it is not by entity and attribute, or lacks what a
 * time-based simulator must tell.
 * @throws {RangeError} If it is for a time that is past.
 */
export function checkOutputs(
  outputs: unknown,
  asked: OutputRequest,
  time: number,
  type: SimulatorType,
): asserts outputs is Outputs {
  const act = "tell outputs";
  if (!isRecord(outputs)) {
    throw wrongValue(act, "what 'getData' returned", outputs, "an object");
  }
  for (const [eid, values] of Object.entries(outputs)) {
    if (eid === "time") checkOutputTime(values, time);
    else if (!isRecord(values)) {
      throw wrongValue(act, `the output of '${eid}'`, values, "an object");
    }
  }
  if (type !== "time-based") return;
  for (const [eid, attributes] of Object.entries(asked)) {
    const values = Object.hasOwn(outputs, eid) ? outputs[eid] : {};
    const missing = attributes.find((it) =>
      !Object.hasOwn(values as object, it)
    );
    if (missing === undefined) continue;
    throw new TypeError(
      `Cannot ${act}: '${missing}' of entity '${eid}' is missing, and a time-based simulator must tell all that is asked`,
    );
  }
}

function checkOutputTime(outputTime: unknown, time: number): void {
  if (outputTime === undefined) return;
  if (!Number.isSafeInteger(outputTime)) {
    throw wrongValue("tell outputs", "'time'", outputTime, "an integer");
  }
  if (outputTime as number < time) {
    throw new RangeError(
      `Cannot tell outputs: their 'time' is ${outputTime}, and the step was at ${time}`,
    );
  }
}
