import {
  type HistoryEvent,
  operationsOf,
  type RecordedOperation,
} from "./events.ts";
import { explain, type Fault } from "./_explain.ts";
import type { Model, Operation, OperationCall } from "./model.ts";
import { type Budget, search } from "./_search.ts";

/** Limits of a check. */
export interface LinearizabilityOptions {
  /**
   * The maximum number of model steps for each part of the object.
   *
   * @default 1_000_000
   */
  readonly maxSteps?: number;
}

/** The verdict on whether a history could come from an object of a model. */
export interface LinearizabilityVerdict {
  /** `"unknown"` if the check used up its steps without a result. */
  readonly result: "linearizable" | "not linearizable" | "unknown";
  /** The verdict as readable text, several lines if it is negative. */
  readonly explanation: string;
  /**
   * The time of the first return that fits no order, in milliseconds; `null`
   * unless the result is `"not linearizable"`.
   */
  readonly atMs: number | null;
  /** The number of model steps used. */
  readonly steps: number;
}

const MAX_STEPS = 1_000_000;

/** A part of an object, and the operations on it. */
interface Part {
  /** The part, or `null` if the object has only one. */
  readonly name: string | null;
  readonly operations: readonly RecordedOperation[];
}

/**
 * Checks whether some order of the operations explains the history: each takes
 * effect at one moment between its begin and its end, as the model specifies.
 * An operation without an end may take effect at any time after its begin, or
 * never.
 *
 * @throws {TypeError} If an id begins twice, or ends without a begin.
 */
export function checkLinearizability<State, Op extends Operation>(
  model: Model<State, Op>,
  events: readonly HistoryEvent[],
  { maxSteps = MAX_STEPS }: LinearizabilityOptions = {},
): LinearizabilityVerdict {
  const plain = model as unknown as Model;
  let first: Fault | null = null;
  let [steps, isKnown] = [0, true];
  for (const part of partsOf(plain, operationsOf(events))) {
    const budget: Budget = { steps: maxSteps };
    // After a fault, only earlier faults matter.
    const until = first?.stuck.returned ?? Infinity;
    const result = search(plain, part.operations, budget, until);
    steps += maxSteps - budget.steps;
    if (result.kind === "unknown") isKnown = false;
    if (result.kind !== "none") continue;
    first = findFault(plain, part, [result.blockedAt, until], maxSteps);
  }
  if (first !== null) {
    return {
      result: "not linearizable",
      explanation: explain(plain, first),
      atMs: first.stuck.returnedAtMs,
      steps,
    };
  }
  const result = isKnown ? "linearizable" : "unknown";
  const explanation = isKnown ? "Linearizable" : unknown(plain, maxSteps);
  return { result, explanation, atMs: null, steps };
}

function partsOf(
  model: Model,
  operations: readonly RecordedOperation[],
): Part[] {
  const parts = Map.groupBy(
    operations,
    (it) => model.partition?.(it as OperationCall) ?? null,
  );
  return Array.from(parts, ([name, operations]) => ({ name, operations }));
}

/**
 * Finds the first return, up to `until`, that makes the history not
 * linearizable. `blockedAt` is only a lower bound: orders may have been
 * excluded by outputs of operations that returned later.
 */
function findFault(
  model: Model,
  { name, operations }: Part,
  [blockedAt, until]: readonly [number, number],
  maxSteps: number,
): Fault {
  const budget: Budget = { steps: maxSteps };
  const ends = operations
    .filter(({ returned }) => returned >= blockedAt && returned <= until)
    .filter(({ returned }) => returned < Infinity)
    .sort((a, b) => a.returned - b.returned);
  let [low, high] = [0, ends.length - 1];
  let at = 0; // The lower bound is nearly always the answer.
  while (low < high) {
    const result = search(model, operations, budget, ends[at]!.returned);
    if (result.kind === "unknown") break;
    if (result.kind === "none") high = at;
    else low = at + 1;
    at = Math.floor((low + high) / 2);
  }
  const stuck = ends[high]!;
  const before = search(model, operations, budget, stuck.returned - 1);
  const order = before.kind === "order" ? before.order : null;
  return { part: name, operations, stuck, order };
}

function unknown({ name }: Model, maxSteps: number): string {
  return `Cannot decide whether the history of the ${name} is linearizable: ` +
    `${maxSteps} steps have not sufficed; raise 'maxSteps', record fewer ` +
    "operations at a time, or give the model a 'partition'";
}
