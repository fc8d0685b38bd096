import type { CodecCapabilities, DecodeLimits } from "../codec.ts";
import { putOwn } from "../types/_peer_data.ts";
import { hashKey, Shapes } from "../types/_shapes.ts";
import {
  BINARY_BYTES,
  DOUBLE_BYTES,
  LIST_BYTES,
  MAP_BYTES,
  SLOT_BYTES,
  TEXT_BYTES,
  tooHeavy,
  UNIT_BYTES,
} from "../types/_weight.ts";
import { readKey, readText } from "./_text.ts";

/** The capabilities of both MessagePack codecs. */
export const MSGPACK_CARRIES: CodecCapabilities = {
  binary: true,
  bigint: true,
  nonFinite: true,
  loneSurrogates: false,
};

/**
 * The deepest nesting that is read, because the reader is recursive. Higher
 * than the maximum of a `TypeTable`, so that the user's limit decides.
 */
const MAX_DEPTH = 1_024;

/**
 * The most that a byte of a payload can weigh. The worst case is a map whose
 * keys and values take one byte each, where every key makes a new shape and
 * every value is a map.
 */
const MAX_WEIGHT_PER_BYTE = 224;

/** Shorter byte values are always copied, which is as fast as a view. */
const VIEW_BYTES = 8 * 1024;

/** The state of decoding one payload. */
interface Input {
  readonly bytes: Uint8Array;
  at: number;
  /** How many lists and maps are open. */
  depth: number;
  /** The weight that is left for the rest of the payload. */
  left: number;
  readonly maxWeight: number;
  /** Weighs keys; `null` if no keys can exceed `maxWeight`. */
  readonly shapes: Shapes | null;
  /** The list of views of the payload, if views are allowed. */
  readonly views: Uint8Array[] | undefined;
}

/**
 * Decodes a payload in one pass that also checks and weighs it. Every key
 * becomes an own property, and text stays unchanged. Bytes are copies, or views
 * where `limits.views` allows that. Values are weighed before their memory is
 * allocated.
 *
 * @throws {SyntaxError} If the payload is not exactly one value that the codec
 * can read. The message gives the reason and the position.
 * @throws {ProtocolError} If its values weigh more than `limits.maxWeight`.
 */
export function decodeMsgPack(
  payload: Uint8Array,
  limits?: DecodeLimits,
): unknown {
  const maxWeight = limits?.maxWeight ?? Infinity;
  const possibleWeight = payload.length * MAX_WEIGHT_PER_BYTE;
  const isLight = possibleWeight <= maxWeight;
  const input: Input = {
    bytes: payload,
    at: 0,
    depth: 0,
    left: isLight ? possibleWeight : maxWeight,
    maxWeight,
    shapes: isLight ? null : new Shapes(),
    views: limits?.views,
  };
  const value = readValue(input);
  const following = payload.length - input.at;
  if (following > 0) {
    throw unreadable(input, `${following} bytes follow the value`);
  }
  return value;
}

function readValue(input: Input): unknown {
  // Past the end this is `undefined`, for which every comparison is false.
  const type = input.bytes[input.at++]!;
  if (type < 0x80) return type;
  if (type < 0x90) return readMap(input, type & 0x0f);
  if (type < 0xa0) return readList(input, type & 0x0f);
  if (type < 0xc0) return takeText(input, type & 0x1f);
  if (type >= 0xe0) return type - 0x100;
  return readLonger(input, type);
}

/** Reads a value that does not fit the byte of its type. */
function readLonger(input: Input, type: number): unknown {
  switch (type) {
    case 0xc0:
      return null;
    case 0xc2:
      return false;
    case 0xc3:
      return true;
    case 0xc4:
    case 0xc5:
    case 0xc6:
      return takeBinary(input, readUint(input, 1 << (type - 0xc4)));
    case 0xca:
      word.setUint32(0, readWide(input));
      return word.getFloat32(0);
    case 0xcb:
      readWord(input);
      return word.getFloat64(0);
    case 0xcc:
      return readUint(input, 1);
    case 0xcd:
      return readUint(input, 2);
    case 0xce:
      return readWide(input);
    case 0xcf:
      readWord(input);
      return word.getBigUint64(0);
    case 0xd0:
      return readUint(input, 1) << 24 >> 24;
    case 0xd1:
      return readUint(input, 2) << 16 >> 16;
    case 0xd2:
      return readWide(input) | 0;
    case 0xd3:
      readWord(input);
      return word.getBigInt64(0);
    case 0xd9:
    case 0xda:
    case 0xdb:
      return takeText(input, readUint(input, 1 << (type - 0xd9)));
    case 0xdc:
    case 0xdd:
      return readList(input, readUint(input, 2 << (type - 0xdc)));
    case 0xde:
    case 0xdf:
      return readMap(input, readUint(input, 2 << (type - 0xde)));
  }
  input.at--;
  if (type === undefined) throw endsEarly(input);
  throw unreadable(
    input,
    `the type 0x${
      type.toString(16)
    } is an extension or unused, and cannot be read`,
  );
}

/** Skips `length` bytes, and returns where they start. */
function take(input: Input, length: number): number {
  const start = input.at;
  if (length > input.bytes.length - start) throw endsEarly(input);
  input.at = start + length;
  return start;
}

/** Reads a length or an integer of 1, 2 or 4 bytes. */
function readUint(input: Input, length: number): number {
  const { bytes } = input;
  const start = take(input, length);
  if (length === 1) return bytes[start]!;
  if (length === 2) return bytes[start]! << 8 | bytes[start + 1]!;
  return (bytes[start]! << 24 | bytes[start + 1]! << 16 |
    bytes[start + 2]! << 8 | bytes[start + 3]!) >>> 0;
}

/** Reads four bytes of a number, and weighs the number. */
function readWide(input: Input): number {
  weigh(input, DOUBLE_BYTES);
  return readUint(input, 4);
}

/** Holds eight bytes, to read them in any number format. */
const word = new DataView(new ArrayBuffer(8));

function readWord(input: Input): void {
  word.setUint32(0, readWide(input));
  word.setUint32(4, readUint(input, 4));
}

function takeText(input: Input, length: number): string {
  const start = take(input, length);
  weigh(input, TEXT_BYTES + UNIT_BYTES * length);
  return readText(input.bytes, start, input.at);
}

function takeBinary(input: Input, length: number): Uint8Array {
  const start = take(input, length);
  weigh(input, BINARY_BYTES + length);
  const { bytes, views } = input;
  if (views !== undefined && length >= VIEW_BYTES) {
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset + start, length);
    views.push(view);
    return view;
  }
  // The constructor copies any kind of payload; `Buffer.slice` does not.
  return new Uint8Array(bytes.subarray(start, input.at));
}

function readList(input: Input, length: number): unknown[] {
  enter(input, LIST_BYTES + SLOT_BYTES * length);
  const list: unknown[] = new Array(length);
  for (let index = 0; index < length; index++) list[index] = readValue(input);
  input.depth--;
  return list;
}

function readMap(input: Input, length: number): Record<string, unknown> {
  enter(input, MAP_BYTES + SLOT_BYTES * length);
  const map: Record<string, unknown> = {};
  let shape = 0;
  for (let index = 0; index < length; index++) {
    const key = readMapKey(input);
    if (input.shapes !== null) {
      shape = weighKey(input, input.shapes, shape, key);
    }
    const value = readValue(input);
    if (key === "__proto__") putOwn(map, key, value);
    else map[key] = value;
  }
  input.depth--;
  return map;
}

function enter(input: Input, weight: number): void {
  if (++input.depth > MAX_DEPTH) throw tooDeep(input);
  weigh(input, weight);
}

function tooDeep(input: Input): SyntaxError {
  return unreadable(input, `it is nested deeper than ${MAX_DEPTH} levels`);
}

function readMapKey(input: Input): string {
  const { bytes } = input;
  const type = bytes[input.at]!;
  if (type >= 0xa0 && type < 0xc0) {
    input.at++;
    return readKey(bytes, take(input, type & 0x1f), input.at);
  }
  const isKey = type < 0x80 || type >= 0xe0 || // integers in the type's byte
    (type >= 0xcc && type <= 0xce) || // uint 8 to 32
    (type >= 0xd0 && type <= 0xd2) || // int 8 to 32
    (type >= 0xd9 && type <= 0xdb) || // text
    type === undefined;
  if (isKey) return String(readValue(input));
  throw unreadable(
    input,
    "a key of a map is neither text nor an integer of 32 bits",
  );
}

/** Weighs a key, and returns the map's new shape. */
function weighKey(
  input: Input,
  shapes: Shapes,
  shape: number,
  key: string,
): number {
  const before = shapes.weight;
  const next = shapes.with(shape, hashKey(key, 0, key.length));
  weigh(input, shapes.weight - before);
  return next;
}

function weigh(input: Input, bytes: number): void {
  input.left -= bytes;
  if (input.left < 0) throw overweight(input);
}

/**
 * Returns the error for a payload without weight left. If the payload cannot
 * weigh as much as the limit, the lengths in it are wrong.
 */
function overweight(input: Input): Error {
  return input.shapes === null ? endsEarly(input) : tooHeavy(input.maxWeight);
}

function endsEarly(input: Input): SyntaxError {
  return unreadable(input, "the payload ends within a value");
}

function unreadable(input: Input, why: string): SyntaxError {
  return new SyntaxError(`Cannot read MessagePack at byte ${input.at}: ${why}`);
}
