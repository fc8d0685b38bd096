import { isRecord } from "../../rpc/internal.ts";
import { wrongValue } from "./_calls.ts";
import type { SimulatorType } from "./meta.ts";

/**
 * Checks what `create` returned. Types and ids are left to mosaik.
 *
 * @throws {TypeError} If it is no list of `num` entities, or one of them has
 * an id that mosaik takes for something else.
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
 * Returns the time of the next step that `step` returned, or `null`.
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
  const act = `end the step at ${time}`;
  if (!Number.isSafeInteger(next)) {
    throw wrongValue(act, "what 'step' returned", next, "the next step's time");
  }
  if (next as number <= time) {
    throw new RangeError(
      `Cannot ${act}: 'step' returned ${next}, wanted a later time`,
    );
  }
  return next as number;
}

/**
 * Checks what `getData` returned after a step at `time`.
 *
 * @throws {TypeError} If it is not by entity and attribute.
 * @throws {RangeError} If it is for a time that is past.
 */
export function checkOutputs(outputs: unknown, time: number): void {
  const act = "tell outputs";
  if (!isRecord(outputs)) {
    throw wrongValue(act, "what 'getData' returned", outputs, "an object");
  }
  const { time: outputTime = time, ...byEntity } = outputs;
  for (const [eid, values] of Object.entries(byEntity)) {
    if (isRecord(values)) continue;
    throw wrongValue(act, `the output of '${eid}'`, values, "an object");
  }
  if (!Number.isSafeInteger(outputTime)) {
    throw wrongValue(act, "'time'", outputTime, "an integer");
  }
  if (outputTime as number < time) {
    throw new RangeError(
      `Cannot ${act}: their 'time' is ${outputTime}, and the step was at ${time}`,
    );
  }
}
