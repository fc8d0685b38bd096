import { describeValue } from "../../channel/message.ts";
import { isRecord } from "../../rpc/internal.ts";
import { printable } from "../../transports/printable.ts";
import type { Inputs, OutputRequest } from "./data.ts";

/** The shortest entity in an answer: `{"eid":"","type":""},`. */
const ENTITY_BYTES = 21;

/**
 * Returns the id of the simulator from the arguments of `init`.
 *
 * @throws {TypeError} If it is missing.
 */
export function checkedSid([sid]: readonly unknown[]): string {
  if (typeof sid === "string") return sid;
  throw wrongValue("initialise the simulator", "its id", sid, "text");
}

/**
 * Returns the arguments of `create`, whose answer must fit a frame of `limits.frames.maxBytes`.
 *
 * @throws {TypeError} If an argument is of the wrong type.
 * @throws {RangeError} If more entities are asked for than an answer can hold.
 */
export function checkedCreation(
  [num, model]: readonly unknown[],
  maxFrameBytes: number,
): { readonly num: number; readonly model: string } {
  if (typeof model !== "string") {
    throw wrongValue("create entities", "its model", model, "a name");
  }
  if (!isCount(num)) {
    throw wrongValue("create entities", "its number", num, "an integer from 0");
  }
  const most = Math.floor(maxFrameBytes / ENTITY_BYTES);
  if (num > most) {
    throw new RangeError(
      `Cannot create ${num} of '${
        printable(model)
      }': an answer holds at most ${most} entities, ask several times or raise 'limits.frames.maxBytes'`,
    );
  }
  return { num, model };
}

/**
 * Returns the arguments of `step`.
 *
 * @throws {TypeError} If one is of the wrong type.
 */
export function checkedStep([time, inputs, maxAdvance]: readonly unknown[]): {
  readonly time: number;
  readonly inputs: Inputs;
  readonly maxAdvance: number;
} {
  const act = "take a step";
  if (!isCount(time)) {
    throw wrongValue(act, "its time", time, "an integer from 0");
  }
  if (!isRecord(inputs)) {
    throw wrongValue(act, "its inputs", inputs, "an object");
  }
  if (typeof maxAdvance !== "number") {
    throw wrongValue(act, "its 'max_advance'", maxAdvance, "a number");
  }
  return { time, inputs: inputs as Inputs, maxAdvance };
}

/**
 * Returns the arguments of `get_data`.
 *
 * @throws {TypeError} If they are no lists of attributes by entity.
 */
export function checkedRequest([asked]: readonly unknown[]): OutputRequest {
  if (isRecord(asked) && Object.values(asked).every(Array.isArray)) {
    return asked as OutputRequest;
  }
  throw wrongValue(
    "tell outputs",
    "its request",
    asked,
    "lists of names by entity",
  );
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Returns the error about a value of the wrong kind. */
export function wrongValue(
  act: string,
  what: string,
  value: unknown,
  wanted: string,
): TypeError {
  return new TypeError(
    `Cannot ${act}: ${what} is ${describeValue(value)}, wanted ${wanted}`,
  );
}
