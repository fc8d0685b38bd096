import { shorten } from "../../ledger/_message_log.ts";
import type { RecordedOperation } from "./events.ts";
import type { Model, OperationCall } from "./model.ts";
import type { Placed } from "./_search.ts";

/** A return that makes a history not linearizable. */
export interface Fault {
  /** The part of the object, or `null` if it has only one. */
  readonly part: string | null;
  /** The operations of the part. */
  readonly operations: readonly RecordedOperation[];
  /** The operation that returned. */
  readonly stuck: RecordedOperation;
  /**
   * A valid order of everything that returned before; `null` if none was found
   * in time.
   */
  readonly order: readonly Placed<unknown>[] | null;
}

/** The maximum number of operations to show. */
const SHOWN = 12;

/** Explains in several lines why a history is not linearizable. */
export function explain(model: Model, fault: Fault): string {
  const { part, operations, stuck, order } = fault;
  const before = operations.filter(({ invoked }) => invoked < stuck.returned);
  const of = part === null || part === "" ? "" : ` of ${shorten(part)}`;
  const left = before.length > SHOWN
    ? `, the last ${SHOWN} of ${before.length} operations`
    : "";
  return [
    `Not linearizable: ${callText(stuck)} by ${stuck.client}, returned at ` +
    `${seconds(stuck.returnedAtMs)}, fits no order of the operations`,
    `History of the ${model.name}${of} until then${left}:`,
    ...table(lastOf(before), stuck),
    ...(order === null ? [] : [orderLine(model, order, stuck)]),
  ].join("\n");
}

/** Returns the last operations, including all that are open at the end. */
function lastOf(operations: readonly RecordedOperation[]): RecordedOperation[] {
  return operations.toSorted((a, b) => a.returned - b.returned)
    .slice(-SHOWN).sort((a, b) => a.invoked - b.invoked);
}

function table(
  operations: readonly RecordedOperation[],
  stuck: RecordedOperation,
): string[] {
  const rows = operations.map((it) => [
    it === stuck ? "✗" : " ",
    seconds(it.invokedAtMs),
    "–",
    it.returned > stuck.returned ? "open" : seconds(it.returnedAtMs),
    it.client,
    callText(it) + (it.returned > stuck.returned ? failure(it) : output(it)),
  ]);
  const widths = [0, 1, 2, 3, 4].map((column) =>
    Math.max(...rows.map((row) => row[column]!.length))
  );
  return rows.map((row) =>
    row.map((text, column) =>
      column === 1 || column === 3
        ? text.padStart(widths[column]!)
        : text.padEnd(widths[column] ?? 0)
    ).join(" ").trimEnd()
  );
}

function orderLine(
  model: Model,
  order: readonly Placed<unknown>[],
  stuck: RecordedOperation,
): string {
  // While the operation was open, it may have been placed with another output.
  const index = order.findIndex(({ operation }) => operation === stuck);
  const before = index === -1 ? order : order.slice(0, index);
  const state = before.at(-1)?.state ?? model.init();
  const outcomes = model.step(state, stuck as OperationCall);
  const wanted = outcomes.map((it) => shorten(it.output)).join(" or ");
  const problem = outcomes.length === 0
    ? "is not possible"
    : `would return ${wanted}`;
  const last = before.slice(-SHOWN).map(({ operation }) =>
    `${operation.client} ${callText(operation)}`
  );
  if (before.length > last.length) last.unshift("…");
  const path = last.length === 0
    ? "At first, in the state"
    : `After ${last.join(", ")}, in the state`;
  return `${path} ${shorten(state)}, ${callText(stuck)} ${problem}`;
}

function callText({ name, input }: RecordedOperation): string {
  return `${name}(${input === undefined ? "" : shorten(input)})`;
}

function output(operation: RecordedOperation): string {
  return operation.output === undefined
    ? ""
    : ` → ${shorten(operation.output)}`;
}

function failure({ error }: RecordedOperation): string {
  return error === null ? "" : ` failed: ${shorten(error)}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`;
}
