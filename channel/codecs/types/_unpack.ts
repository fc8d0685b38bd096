import { ProtocolError } from "../../../transports/errors.ts";
import { Fault } from "./_fault.ts";
import { ignoreRejection, isCalledUnasked, isThenable } from "./_peer_data.ts";
import type { Walk } from "./_walk.ts";
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

/**
 * Returns the user's value for a decoded `value`. Changes lists and maps in
 * place, and leaves other objects unchanged.
 *
 * @throws {Fault} If a value cannot be revived.
 * @throws {ProtocolError} If a limit is broken.
 */
export function unpackValue(
  walk: Walk,
  value: unknown,
  depth: number,
): unknown {
  switch (typeof value) {
    case "string":
      walk.weight += TEXT_BYTES + UNIT_BYTES * value.length;
      return value;
    case "number":
      if ((value | 0) !== value) walk.weight += DOUBLE_BYTES;
      return value;
    case "bigint":
      walk.weight += BIGINT_BYTES;
      return narrow(value);
    case "object":
      return value === null ? null : unpackObject(walk, value, depth);
  }
  return value;
}

function unpackObject(
  walk: Walk,
  value: object,
  depth: number,
): unknown {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return unpackMap(walk, value as Record<string, unknown>, depth);
  }
  if (Array.isArray(value)) return unpackList(walk, value, depth);
  if (value instanceof Uint8Array) walk.weight += BINARY_BYTES + value.length;
  return value;
}

function unpackList(
  walk: Walk,
  list: unknown[],
  depth: number,
): unknown[] {
  if (depth >= walk.maxDepth) throw tooDeep(walk);
  walk.weight += LIST_BYTES + SLOT_BYTES * list.length;
  let index = 0;
  try {
    for (; index < list.length; index++) {
      const item = list[index];
      const unpacked = unpackValue(walk, item, depth + 1);
      if (unpacked !== item) list[index] = unpacked;
    }
  } catch (error) {
    throw Fault.below(index, error);
  }
  return list;
}

function unpackMap(
  walk: Walk,
  map: Record<string, unknown>,
  depth: number,
): unknown {
  if (depth >= walk.maxDepth) throw tooDeep(walk);
  let keys = 0;
  let key = "";
  try {
    // Unlike `Object.keys`, this creates no list. It also visits and weighs
    // inherited keys, at worst needlessly.
    for (key in map) {
      keys++;
      if (key === "__type__") return revive(walk, map, depth);
      const item = map[key];
      const unpacked = unpackValue(walk, item, depth + 1);
      if (unpacked === item) continue;
      if (isCalledUnasked(key, unpacked)) throw calledUnasked(key);
      map[key] = unpacked; // `__proto__` is an own property already
    }
  } catch (error) {
    // The mark concerns the whole map, not the value of one key.
    if (key === "__type__") throw error;
    throw Fault.below(key, error);
  }
  walk.weight += MAP_BYTES + KEY_BYTES * keys;
  if (keys > walk.maxKeys) throw tooManyKeys(walk, keys);
  return map;
}

function revive(
  walk: Walk,
  map: Record<string, unknown>,
  depth: number,
): unknown {
  if (depth + 2 > walk.maxDepth) throw tooDeep(walk);
  if (Object.keys(map).length > 1) throw malformed("other keys beside it");
  const mark = map["__type__"];
  if (!Array.isArray(mark) || mark.length !== 2) {
    throw malformed("something other than a list of two");
  }
  const id = unpackValue(walk, mark[0], depth + 2);
  if (typeof id !== "number") throw malformed("an id that is no number");
  const type = walk.types[id];
  if (type === undefined) {
    throw new Fault(
      `found the type id ${id}, where ${walk.types.length} types are registered; register the same serializers in the same order on both sides`,
    );
  }
  const data = unpackValue(walk, mark[1], depth + 2);
  walk.weight += MAP_BYTES + KEY_BYTES + REVIVED_BYTES;
  if (walk.weight > walk.maxWeight) throw tooHeavy(walk.maxWeight);
  // A deserializer may use the same table to unpack another value.
  const { maxWeight, weight } = walk;
  try {
    const value = type.unpack(data, walk.context);
    if (!isThenable(value)) return value;
    ignoreRejection(value);
  } catch (error) {
    throw Fault.thrown(`the deserializer of type ${id}`, error);
  } finally {
    walk.maxWeight = maxWeight;
    walk.weight = weight;
  }
  throw new Fault(
    `the deserializer of type ${id} made a value with a callable 'then', which awaiting the value would call; it must return neither a promise nor such an object`,
  );
}

function calledUnasked(key: string): Fault {
  return new Fault(
    `found a callable '${key}', which the language would call by itself; send it under another name`,
  );
}

function narrow(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER
    ? Number(value)
    : value;
}

function malformed(what: string): Fault {
  return new Fault(
    `found a '__type__' with ${what}, where [id, data] is wanted`,
  );
}

function tooDeep(walk: Walk): ProtocolError {
  return new ProtocolError(
    `Cannot read a message: it is nested deeper than ${walk.maxDepth} levels`,
  );
}

function tooManyKeys(walk: Walk, keys: number): ProtocolError {
  return new ProtocolError(
    `Cannot read a message: it has a map of ${keys} keys, where ${walk.maxKeys} are allowed`,
  );
}
