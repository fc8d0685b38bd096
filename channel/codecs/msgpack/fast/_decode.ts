import { putOwn } from "../../types/_fault.ts";
import { MSGPACK_FORMATS } from "../_format.ts";
import { MAX_MSGPACK_DEPTH } from "../_skim.ts";
import { readKey } from "./_keys.ts";
import { readText } from "./_text.ts";

/**
 * So many items get exactly the room that they need, whatever the payload
 * claims. Lists may be nested 1,024 deep, and each may claim as much.
 */
const FEW_ITEMS = 64;

/** Where a reading is. */
interface Input {
  readonly bytes: Uint8Array;
  at: number;
  /** How many lists and maps it is within. */
  depth: number;
  /** The most items for which room is made at once. */
  readonly mostItems: number;
}

/**
 * Decodes a payload in one pass that checks it as well. Every key becomes an
 * own property, text is kept to the letter, bytes are copies.
 *
 * @throws {SyntaxError} If it is not one whole value of what the codec reads.
 * The message does not say why: `skimMsgPack` does.
 * @throws {TypeError} If text is not UTF-8.
 */
export function decodeMsgPack(
  payload: Uint8Array,
  { isSkimmed }: {
    /** Whether `skimMsgPack` has passed it: then all lengths are true. */
    readonly isSkimmed: boolean;
  },
): unknown {
  const mostItems = isSkimmed ? Infinity : FEW_ITEMS;
  const input: Input = { bytes: payload, at: 0, depth: 0, mostItems };
  const value = readValue(input);
  if (input.at !== payload.length) throw unreadable();
  return value;
}

function readValue(input: Input): unknown {
  // Behind the end this is `undefined`, which is no type either.
  const type = input.bytes[input.at++]!;
  if (type < 0x80) return type;
  if (type < 0x90) return readMap(input, type & 0x0f);
  if (type < 0xa0) return readList(input, type & 0x0f);
  if (type < 0xc0) {
    const start = take(input, type & 0x1f);
    return readText(input.bytes, start, input.at);
  }
  if (type >= 0xe0) return type - 0x100;
  return readLonger(input, type);
}

/** Reads what does not fit a byte with its type. */
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
    case 0xc6: {
      const start = take(input, readUint(input, 1 << (type - 0xc4)));
      // A constructor copies whatever the payload is; `Buffer.slice` does not.
      return new Uint8Array(input.bytes.subarray(start, input.at));
    }
    case 0xd9:
    case 0xda:
    case 0xdb: {
      const start = take(input, readUint(input, 1 << (type - 0xd9)));
      return readText(input.bytes, start, input.at);
    }
    case 0xdc:
    case 0xdd:
      return readList(input, readUint(input, 2 << (type - 0xdc)));
    case 0xde:
    case 0xdf:
      return readMap(input, readUint(input, 2 << (type - 0xde)));
    default:
      return readNumber(input, type);
  }
}

/** Passes over so many bytes, and returns where they start. */
function take(input: Input, length: number): number {
  const start = input.at;
  input.at += length;
  if (input.at > input.bytes.length) throw unreadable();
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

function readNumber(input: Input, type: number): unknown {
  switch (type) {
    case 0xca:
      word.setUint32(0, readUint(input, 4));
      return word.getFloat32(0);
    case 0xcb:
      readWord(input);
      return word.getFloat64(0);
    case 0xcc:
      return readUint(input, 1);
    case 0xcd:
      return readUint(input, 2);
    case 0xce:
      return readUint(input, 4);
    case 0xcf:
      readWord(input);
      return word.getBigUint64(0);
    case 0xd0:
      return readUint(input, 1) << 24 >> 24;
    case 0xd1:
      return readUint(input, 2) << 16 >> 16;
    case 0xd2:
      return readUint(input, 4) | 0;
    case 0xd3:
      readWord(input);
      return word.getBigInt64(0);
  }
  throw unreadable();
}

/** Eight bytes, to be read as this or that. */
const word = new DataView(new ArrayBuffer(8));

function readWord(input: Input): void {
  word.setUint32(0, readUint(input, 4));
  word.setUint32(4, readUint(input, 4));
}

function readList(input: Input, length: number): unknown[] {
  enter(input, length);
  // A list that grows by itself takes room for 17 items at once.
  const list: unknown[] = length <= input.mostItems ? new Array(length) : [];
  for (let index = 0; index < length; index++) list[index] = readValue(input);
  input.depth--;
  return list;
}

function readMap(input: Input, length: number): Record<string, unknown> {
  enter(input, 2 * length);
  const map: Record<string, unknown> = {};
  for (let index = 0; index < length; index++) {
    const key = readMapKey(input);
    const value = readValue(input);
    if (key === "__proto__") putOwn(map, key, value);
    else map[key] = value;
  }
  input.depth--;
  return map;
}

/** Enters a list or map of so many items, each of which takes a byte. */
function enter(input: Input, items: number): void {
  if (++input.depth > MAX_MSGPACK_DEPTH) throw unreadable();
  if (items > input.bytes.length - input.at) throw unreadable();
}

function readMapKey(input: Input): string {
  const { bytes } = input;
  const type = bytes[input.at]!;
  if (type >= 0xa0 && type < 0xc0) {
    input.at++;
    return readKey(bytes, take(input, type & 0x1f), input.at);
  }
  if (!MSGPACK_FORMATS[type]?.isKey) throw unreadable();
  return String(readValue(input));
}

function unreadable(): SyntaxError {
  return new SyntaxError("Cannot read MessagePack: it is not what is wanted");
}
