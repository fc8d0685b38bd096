import { ignoreRejection, isCalledUnasked } from "./_called_names.ts";
import { describeError, Fault, leaving, putOwn } from "./_fault.ts";
import type { CodecCapabilities } from "../codec.ts";
import type { TypeRecord } from "./type_entry.ts";

/** What a walk needs to know; the same object at every level. */
export interface PackContext extends CodecCapabilities {
  readonly maxDepth: number;
  readonly maxKeys: number;
  readonly find: (value: object) => TypeRecord | undefined;
  /** What the layer above passed along with the message. */
  readonly message: unknown;
}

const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;

/**
 * Whether `value` is plain data that is sent just as it is. `false` tells no
 * more than that {@linkcode packValue} has to look: it knows what to change,
 * and what is wrong where.
 */
export function isPlain(context: PackContext, value: unknown): boolean {
  try {
    return isPlainAt(context, value, 0);
  } catch {
    // A getter threw.
    return false;
  }
}

function isPlainAt(
  context: PackContext,
  value: unknown,
  depth: number,
): boolean {
  switch (typeof value) {
    case "string":
      return context.loneSurrogates || value.isWellFormed();
    case "number":
      return context.nonFinite || Number.isFinite(value);
    case "boolean":
      return true;
    case "object":
      return value === null || isPlainObject(context, value, depth);
    default:
      return false;
  }
}

function isPlainObject(
  context: PackContext,
  value: object,
  depth: number,
): boolean {
  if (depth >= context.maxDepth) return false;
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Array.prototype) {
    return Array.isArray(value) && isPlainList(context, value, depth + 1);
  }
  return prototype === Object.prototype &&
    isPlainMap(context, value as Record<string, unknown>, depth + 1);
}

function isPlainList(
  context: PackContext,
  list: readonly unknown[],
  depth: number,
): boolean {
  for (let index = 0; index < list.length; index++) {
    if (!isPlainAt(context, list[index], depth)) return false;
  }
  return true;
}

function isPlainMap(
  context: PackContext,
  map: Record<string, unknown>,
  depth: number,
): boolean {
  let keys = 0;
  // What is inherited is seen, too, and at worst looked at in vain: this way
  // no list of the keys is made.
  for (const key in map) {
    if (key === "__type__" || ++keys > context.maxKeys) return false;
    if (!context.loneSurrogates && !key.isWellFormed()) return false;
    if (!isPlainAt(context, map[key], depth)) return false;
  }
  return true;
}

/**
 * Returns the plain data for `value`, `value` itself if it is that already, or
 * `undefined` for what a list holds as `null` and a map leaves out.
 *
 * @throws {Fault} If something cannot be sent.
 */
export function packValue(
  context: PackContext,
  value: unknown,
  depth: number,
): unknown {
  switch (typeof value) {
    case "string":
      if (!context.loneSurrogates) checkText(value, "text");
      return value;
    case "number":
      if (!context.nonFinite) checkFinite(value);
      return value;
    case "boolean":
    case "undefined":
      return value;
    case "bigint":
      checkBigint(context, value);
      return value;
    case "object":
      return value === null ? null : packObject(context, value, depth);
    case "function": {
      const type = context.find(value);
      if (type !== undefined) return packCustom(context, type, value, depth);
      throw new Fault(
        "found a function, which is no data; leave it out or send its result",
      );
    }
    case "symbol":
      throw new Fault("found a symbol, which is no data; send a string");
  }
}

function packObject(
  context: PackContext,
  value: object,
  depth: number,
): unknown {
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return packMap(context, value as Record<string, unknown>, depth);
  }
  if (prototype === Array.prototype && Array.isArray(value)) {
    return packList(context, value, depth);
  }
  const type = context.find(value);
  if (type !== undefined) return packCustom(context, type, value, depth);
  if (value instanceof Uint8Array) {
    if (context.binary) return value;
    throw new Fault(
      "found bytes, which this codec does not carry; use the msgpack codec or send base64 text",
    );
  }
  ignoreRejection(value);
  throw new Fault(describeInstance(prototype));
}

function packList(
  context: PackContext,
  list: readonly unknown[],
  depth: number,
): readonly unknown[] {
  if (depth >= context.maxDepth) throw tooDeep(context);
  let copy: unknown[] | undefined;
  let index = 0;
  try {
    for (; index < list.length; index++) {
      const item = list[index];
      const packed = packValue(context, item, depth + 1);
      if (copy === undefined) {
        if (packed !== undefined && Object.is(packed, item)) continue;
        copy = list.slice(0, index);
      }
      copy.push(packed === undefined ? null : packed);
    }
  } catch (error) {
    throw leaving(error, index);
  }
  return copy ?? list;
}

function packMap(
  context: PackContext,
  map: Record<string, unknown>,
  depth: number,
): Record<string, unknown> {
  if (depth >= context.maxDepth) throw tooDeep(context);
  const keys = Object.keys(map);
  if (keys.length > context.maxKeys) {
    throw new Fault(
      `found ${keys.length} keys in one object, where ${context.maxKeys} are allowed; send a list of pairs`,
    );
  }
  let copy: Record<string, unknown> | undefined;
  let key = "";
  try {
    for (let index = 0; index < keys.length; index++) {
      key = keys[index]!;
      if (key === "__type__") throw reservedKey();
      if (!context.loneSurrogates) checkText(key, "a key");
      const item = map[key];
      if (isCalledUnasked(key, item)) throw calledUnasked(key);
      const packed = packValue(context, item, depth + 1);
      if (copy === undefined) {
        if (packed !== undefined && Object.is(packed, item)) continue;
        copy = copyOf(map, keys, index);
      }
      if (packed !== undefined) putOwn(copy, key, packed);
    }
  } catch (error) {
    throw leaving(error, key);
  }
  return copy ?? map;
}

function copyOf(
  map: Record<string, unknown>,
  keys: readonly string[],
  end: number,
): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (let index = 0; index < end; index++) {
    const key = keys[index]!;
    putOwn(copy, key, map[key]);
  }
  return copy;
}

function packCustom(
  context: PackContext,
  type: TypeRecord,
  value: object,
  depth: number,
): unknown {
  // Two levels on the wire: the map, and the list within it.
  if (depth + 2 > context.maxDepth) throw tooDeep(context);
  let data: unknown;
  try {
    data = type.pack(value, context.message);
  } catch (error) {
    throw new Fault(
      `the serializer of type ${type.id} threw ${describeError(error)}`,
      error,
    );
  }
  const packed = packValue(context, data, depth + 2);
  return { "__type__": [type.id, packed === undefined ? null : packed] };
}

function checkText(text: string, what: string): void {
  if (text.isWellFormed()) return;
  throw new Fault(
    `found ${what} with half of a surrogate pair, which this codec does not carry; call 'toWellFormed' on it or use the json codec`,
  );
}

function checkFinite(value: number): void {
  if (Number.isFinite(value)) return;
  throw new Fault(
    `found ${value}, which JSON has no form for; send null, or use json({ nonFinite: "python" }) or msgpack on both sides`,
  );
}

function checkBigint(context: PackContext, value: bigint): void {
  if (!context.bigint) {
    throw new Fault(
      "found a bigint, which this codec does not carry; use the msgpack codec or send a string",
    );
  }
  if (value >= MIN_INT64 && value <= MAX_UINT64) return;
  throw new Fault("found a bigint beyond 64 bits; send a string");
}

function reservedKey(): Fault {
  return new Fault(
    "found the key '__type__', which marks custom types on the wire; use another key",
  );
}

function calledUnasked(key: string): Fault {
  const remedy = key === "then"
    ? "await it before sending, or use another name"
    : "use another name";
  return new Fault(
    `found a callable '${key}', which the other side would call without anyone asking for it; ${remedy}`,
  );
}

function tooDeep(context: PackContext): Fault {
  return new Fault(
    `found data that is too deep or circular: more than ${context.maxDepth} levels; send it flat, with ids in place of references`,
  );
}

function describeInstance(prototype: { constructor?: unknown }): string {
  const { constructor } = prototype;
  if (constructor === Promise) {
    return "found a promise; await it before sending";
  }
  const name = typeof constructor === "function" ? constructor.name : "";
  return name === ""
    ? "found an instance of an unnamed class; register a serializer for it or send a plain object"
    : `found an instance of '${name}'; register a serializer for '${name}' or send a plain object`;
}
