import { describeValue } from "../../channel/message.ts";
import { isRecord } from "../../rpc/internal.ts";
import { printable } from "../../transports/printable.ts";
import type { Inputs, OutputRequest } from "./data.ts";

/** The least that an entity takes in an answer: `{"eid":"","type":""},`. */
const ENTITY_BYTES = 21;

/**
 * The id of the simulator in the arguments of `init`.
 *
 * @throws {TypeError} If it is missing.
 */
export function checkedSid([sid]: readonly unknown[]): string {
  if (typeof sid === "string") return sid;
  return refuse("initialise the simulator", "id", sid, "text");
}

/**
 * The arguments of `create`, whose answer must fit a frame of `limits.frames.maxBytes`.
 *
 * @throws {TypeError} If an argument is of the wrong type.
 * @throws {RangeError} If more entities are asked for than an answer can hold.
 */
export function checkedCreation(
  [num, model]: readonly unknown[],
  maxFrameBytes: number,
): { readonly num: number; readonly model: string } {
  if (typeof model !== "string") {
    return refuse("create entities", "model", model, "a name");
  }
  if (!isCount(num)) {
    return refuse("create entities", "number", num, "an integer from 0");
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
 * The arguments of `step`.
 *
 * @throws {TypeError} If one is of the wrong type.
 */
export function checkedStep([time, inputs, maxAdvance]: readonly unknown[]): {
  readonly time: number;
  readonly inputs: Inputs;
  readonly maxAdvance: number;
} {
  const act = "take a step";
  if (!isCount(time)) return refuse(act, "time", time, "an integer from 0");
  if (!isRecord(inputs)) return refuse(act, "inputs", inputs, "an object");
  if (typeof maxAdvance !== "number") {
    return refuse(act, "'max_advance'", maxAdvance, "a number");
  }
  return { time, inputs: inputs as Inputs, maxAdvance };
}

/**
 * The arguments of `get_data`.
 *
 * @throws {TypeError} If they are no lists of attributes by entity.
 */
export function checkedRequest([asked]: readonly unknown[]): OutputRequest {
  if (isRecord(asked) && Object.values(asked).every(Array.isArray)) {
    return asked as OutputRequest;
  }
  return refuse("tell outputs", "request", asked, "lists of names by entity");
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function refuse(
  act: string,
  what: string,
  value: unknown,
  wanted: string,
): never {
  throw new TypeError(
    `Cannot ${act}: its ${what} is ${
      describeValue(value)
    }, where ${wanted} is wanted`,
  );
}
