import { ProtocolError } from "../../../transports/errors.ts";
import {
  ignoreRejection,
  isCalledUnasked,
  isThenable,
} from "./_called_names.ts";
import { describeError, Fault, leaving, putOwn } from "./_fault.ts";
import type { TypeRecord } from "./type_entry.ts";
import {
  BIGINT_BYTES,
  BINARY_BYTES,
  DOUBLE_BYTES,
  KEY_BYTES,
  LIST_BYTES,
  MAP_BYTES,
  REVIVED_BYTES,
  SLOT_BYTES,
  TEXT_BYTES,
  tooHeavy,
  UNIT_BYTES,
} from "./_weight.ts";

/** What a walk needs to know; the same object at every level. */
export interface UnpackContext {
  readonly records: readonly TypeRecord[];
  readonly maxDepth: number;
  readonly maxKeys: number;
  /** What custom types may be revived up to: the most that `weight` may be. */
  readonly maxWeight: number;
  /** About how many bytes of memory take what was met. */
  weight: number;
  /** What the channel knows of the message. */
  readonly message: unknown;
}

/**
 * Whether `value` holds nothing to be revived, and breaks no limit. `false`
 * tells no more than that {@linkcode unpackValue} has to look.
 */
export function isRevived(
  context: UnpackContext,
  value: unknown,
  depth: number,
): boolean {
  if (typeof value !== "object") {
    if (typeof value === "string") context.weight += textWeight(value);
    else if (typeof value === "number") context.weight += numberWeight(value);
    return typeof value !== "bigint";
  }
  if (value === null) return true;
  if (depth >= context.maxDepth) return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) {
    return isRevivedList(context, value as unknown[], depth + 1);
  }
  if (prototype !== Object.prototype) return false;
  return isRevivedMap(context, value as Record<string, unknown>, depth + 1);
}

function isRevivedList(
  context: UnpackContext,
  list: readonly unknown[],
  depth: number,
): boolean {
  context.weight += LIST_BYTES + SLOT_BYTES * list.length;
  for (let index = 0; index < list.length; index++) {
    if (!isRevived(context, list[index], depth)) return false;
  }
  return true;
}

function isRevivedMap(
  context: UnpackContext,
  map: Record<string, unknown>,
  depth: number,
): boolean {
  let keys = 0;
  for (const key in map) {
    if (key === "__type__" || ++keys > context.maxKeys) return false;
    if (!isRevived(context, map[key], depth)) return false;
  }
  context.weight += MAP_BYTES + KEY_BYTES * keys;
  return true;
}

function textWeight(text: string): number {
  return TEXT_BYTES + UNIT_BYTES * text.length;
}

function numberWeight(value: number): number {
  return (value | 0) === value ? 0 : DOUBLE_BYTES;
}

/**
 * Returns what `value` becomes; lists and maps are changed in place. Anything
 * that is neither a list nor a plain object is left alone.
 *
 * @throws {Fault} If a value cannot be revived.
 * @throws {ProtocolError} If a limit is broken.
 */
export function unpackValue(
  context: UnpackContext,
  value: unknown,
  depth: number,
): unknown {
  switch (typeof value) {
    case "string":
      context.weight += textWeight(value);
      return value;
    case "number":
      context.weight += numberWeight(value);
      return value;
    case "bigint":
      context.weight += BIGINT_BYTES;
      return narrow(value);
    case "object":
      return value === null ? null : unpackObject(context, value, depth);
  }
  return value;
}

function unpackObject(
  context: UnpackContext,
  value: object,
  depth: number,
): unknown {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return unpackMap(context, value as Record<string, unknown>, depth);
  }
  if (Array.isArray(value)) return unpackList(context, value, depth);
  if (value instanceof Uint8Array) {
    context.weight += BINARY_BYTES + value.length;
  }
  return value;
}

function unpackList(
  context: UnpackContext,
  list: unknown[],
  depth: number,
): unknown[] {
  if (depth >= context.maxDepth) throw tooDeep(context);
  context.weight += LIST_BYTES + SLOT_BYTES * list.length;
  let index = 0;
  try {
    for (; index < list.length; index++) {
      const item = list[index];
      const unpacked = unpackValue(context, item, depth + 1);
      if (unpacked !== item) list[index] = unpacked;
    }
  } catch (error) {
    throw outOf(error, index);
  }
  return list;
}

function unpackMap(
  context: UnpackContext,
  map: Record<string, unknown>,
  depth: number,
): unknown {
  if (depth >= context.maxDepth) throw tooDeep(context);
  const keys = Object.keys(map);
  context.weight += MAP_BYTES + KEY_BYTES * keys.length;
  if (keys.length > context.maxKeys) {
    throw new ProtocolError(
      `Cannot read a message: it has a map of ${keys.length} keys, where ${context.maxKeys} are allowed`,
    );
  }
  if (keys.length === 1 && keys[0] === "__type__") {
    return revive(context, map["__type__"], depth);
  }
  let key = "";
  try {
    for (let index = 0; index < keys.length; index++) {
      key = keys[index]!;
      if (key === "__type__") throw malformed("other keys beside it");
      const item = map[key];
      const unpacked = unpackValue(context, item, depth + 1);
      if (isCalledUnasked(key, unpacked)) throw calledUnasked(key);
      if (unpacked !== item) putOwn(map, key, unpacked);
    }
  } catch (error) {
    // The mark concerns the whole map, not the value of one key.
    if (key === "__type__") throw error;
    throw outOf(error, key);
  }
  return map;
}

function revive(
  context: UnpackContext,
  mark: unknown,
  depth: number,
): unknown {
  if (depth + 2 > context.maxDepth) throw tooDeep(context);
  if (!Array.isArray(mark) || mark.length !== 2) {
    throw malformed("something other than a list of two");
  }
  const id = unpackValue(context, mark[0], depth + 2);
  if (typeof id !== "number") throw malformed("an id that is no number");
  const type = context.records[id];
  if (type === undefined) {
    throw new Fault(
      `found the type id ${id}, where ${context.records.length} types are registered; register the same serializers in the same order on both sides`,
    );
  }
  const data = unpackValue(context, mark[1], depth + 2);
  context.weight += REVIVED_BYTES;
  if (context.weight > context.maxWeight) throw tooHeavy(context.maxWeight);
  let value: unknown;
  let isRefused: boolean;
  try {
    value = type.unpack(data, context.message);
    isRefused = isThenable(value);
  } catch (error) {
    throw new Fault(
      `the deserializer of type ${id} threw ${describeError(error)}`,
      error,
    );
  }
  if (isRefused) {
    ignoreRejection(value);
    throw new Fault(
      `the deserializer of type ${id} made a value with a callable 'then', which awaiting the value would call; it must return neither a promise nor such an object`,
    );
  }
  return value;
}

function calledUnasked(key: string): Fault {
  return new Fault(
    `found a callable '${key}', which would be called without anyone asking for it; send it under another name`,
  );
}

function narrow(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    ? Number(value)
    : value;
}

function outOf(error: unknown, key: string | number): unknown {
  return error instanceof ProtocolError ? error : leaving(error, key);
}

function malformed(what: string): Fault {
  return new Fault(
    `found a '__type__' with ${what}, where [id, data] is wanted`,
  );
}

function tooDeep(context: UnpackContext): ProtocolError {
  return new ProtocolError(
    `Cannot read a message: it is nested deeper than ${context.maxDepth} levels`,
  );
}
