import { MSGPACK_FORMATS, type MsgPackFormat, readLength } from "./_format.ts";
import { hashBytes, Shapes } from "../types/_shapes.ts";
import { isUtf8 } from "./_utf8.ts";
import {
  BINARY_BYTES,
  DOUBLE_BYTES,
  GROWN_LIST_SLOTS,
  LIST_BYTES,
  MAP_BYTES,
  SLOT_BYTES,
  TEXT_BYTES,
  tooHeavy,
  UNIT_BYTES,
} from "../types/_weight.ts";

/** What a payload holds that calls for care when it is decoded. */
export interface SkimResult {
  /** Bytes, which an engine may hand out as views of the payload. */
  readonly binary: boolean;
  /**
   * What engines get wrong: a key `__proto__`, which they assign, or text that
   * begins with U+FEFF, which a `TextDecoder` drops.
   */
  readonly delicate: boolean;
}

/**
 * The deepest nesting that is handed to an engine, which is recursive. It is
 * above what a `TypeTable` can be set to, so that the user's limit decides.
 */
export const MAX_MSGPACK_DEPTH: number = 1_024;

/** The most that a byte can weigh: a key of one byte and its value, if new. */
const MAX_WEIGHT_PER_BYTE = 200;

/** A payload up to this length takes little time, whatever it is made of. */
const SHORT_BYTES = 1024 * 1024;

/** Whether a payload takes little time, and less memory than `maxWeight`. */
export function isLightMsgPack(
  payload: Uint8Array,
  maxWeight: number,
): boolean {
  return payload.length <= SHORT_BYTES &&
    payload.length * MAX_WEIGHT_PER_BYTE <= maxWeight;
}

/** Where a skim is, and what it saw so far. */
interface Cursor {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
  binary: boolean;
  delicate: boolean;
  weight: number;
}

/**
 * Passes once over a MessagePack payload, and proves that it is one whole
 * value of what the codec reads: UTF-8 text, no extension types, keys that are
 * text or integers of 32 bits, no more than {@linkcode MAX_MSGPACK_DEPTH}
 * levels. It keeps three numbers a level, whatever lengths the payload claims.
 *
 * @throws {SyntaxError} If the payload is anything else; the message says what
 * and where.
 * @throws {ProtocolError} If what it holds weighs more than `maxWeight`.
 */
export function skimMsgPack(
  payload: Uint8Array,
  maxWeight: number = Infinity,
): SkimResult {
  const cursor: Cursor = {
    bytes: payload,
    view: new DataView(payload.buffer, payload.byteOffset, payload.byteLength),
    at: 0,
    binary: false,
    delicate: false,
    weight: 0,
  };
  // Only a heavy payload can have so many keys that their shapes matter.
  const shapes = isLightMsgPack(payload, maxWeight) ? null : new Shapes();
  const outer: number[] = [];
  let left = 1;
  let step = 1; // 2 within a map, whose `left` counts keys and values
  let shape = 0; // of a map, as far as its keys were met
  while (true) {
    while (left === 0) {
      if (outer.length === 0) {
        cursor.weight += shapes?.weight ?? 0;
        return finish(cursor, maxWeight);
      }
      shape = outer.pop()!;
      step = outer.pop()!;
      left = outer.pop()!;
    }
    const isKey = step === 2 && left % 2 === 0;
    left--;
    const { kind, length } = readHead(cursor, isKey);
    if (kind === "list" || kind === "map") {
      if (outer.length >= 3 * MAX_MSGPACK_DEPTH) throw tooDeep(cursor);
      outer.push(left, step, shape);
      step = kind === "map" ? 2 : 1;
      left = length * step;
      shape = 0;
      // Each item takes at least one byte.
      if (left > payload.length - cursor.at) throw endsEarly(cursor);
      cursor.weight += weightOf(kind, length);
    } else {
      const start = cursor.at;
      skipBody(cursor, kind, length, isKey);
      if (!isKey) cursor.weight += weightOf(kind, length);
      else if (shapes !== null) {
        // An integer key may be the type byte alone.
        const from = length === 0 ? start - 1 : start;
        shape = shapes.with(shape, hashBytes(payload, from, cursor.at));
      }
    }
  }
}

function weightOf(kind: MsgPackFormat["kind"], length: number): number {
  switch (kind) {
    case "value":
      return length < 4 ? 0 : DOUBLE_BYTES;
    case "text":
      return TEXT_BYTES + UNIT_BYTES * length;
    case "binary":
      return BINARY_BYTES + length;
    case "list":
      return LIST_BYTES +
        (length === 0 ? 0 : SLOT_BYTES * Math.max(length, GROWN_LIST_SLOTS));
    case "map":
      return MAP_BYTES + SLOT_BYTES * length;
  }
}

interface Head {
  readonly kind: MsgPackFormat["kind"];
  readonly length: number;
}

function readHead(cursor: Cursor, isKey: boolean): Head {
  if (cursor.at >= cursor.bytes.length) throw endsEarly(cursor);
  const type = cursor.bytes[cursor.at]!;
  const format = MSGPACK_FORMATS[type];
  if (format === null || format === undefined) {
    throw unreadable(
      cursor,
      `the type 0x${
        type.toString(16)
      } is an extension or unused, and cannot be read`,
    );
  }
  if (isKey && !format.isKey) {
    throw unreadable(
      cursor,
      "a key of a map is neither text nor an integer of 32 bits",
    );
  }
  cursor.at++;
  if (format.lengthBytes === 0) return format;
  if (cursor.at + format.lengthBytes > cursor.bytes.length) {
    throw endsEarly(cursor);
  }
  const length = readLength(cursor.view, cursor.at, format.lengthBytes);
  cursor.at += format.lengthBytes;
  return { kind: format.kind, length };
}

function skipBody(
  cursor: Cursor,
  kind: Head["kind"],
  length: number,
  isKey: boolean,
): void {
  const { bytes, at } = cursor;
  const end = at + length;
  if (end > bytes.length) throw endsEarly(cursor);
  if (kind === "binary") cursor.binary = true;
  if (kind === "text") {
    if (!isUtf8(cursor.view, at, end)) {
      throw unreadable(cursor, "text is not UTF-8");
    }
    if (
      startsWith(bytes, at, end, BYTE_ORDER_MARK) ||
      (isKey && length === PROTO.length && startsWith(bytes, at, end, PROTO))
    ) {
      cursor.delicate = true;
    }
  }
  cursor.at = end;
}

const PROTO = new TextEncoder().encode("__proto__");
const BYTE_ORDER_MARK = new TextEncoder().encode("\ufeff");

function startsWith(
  bytes: Uint8Array,
  at: number,
  end: number,
  prefix: Uint8Array,
): boolean {
  if (end - at < prefix.length) return false;
  for (let index = 0; index < prefix.length; index++) {
    if (bytes[at + index] !== prefix[index]) return false;
  }
  return true;
}

function finish(cursor: Cursor, maxWeight: number): SkimResult {
  if (cursor.at < cursor.bytes.length) {
    throw unreadable(
      cursor,
      `${cursor.bytes.length - cursor.at} bytes follow the value`,
    );
  }
  if (cursor.weight > maxWeight) throw tooHeavy(maxWeight);
  return { binary: cursor.binary, delicate: cursor.delicate };
}

function endsEarly(cursor: Cursor): SyntaxError {
  return unreadable(cursor, "the payload ends within a value");
}

function tooDeep(cursor: Cursor): SyntaxError {
  return unreadable(
    cursor,
    `it is nested deeper than ${MAX_MSGPACK_DEPTH} levels`,
  );
}

function unreadable(cursor: Cursor, why: string): SyntaxError {
  return new SyntaxError(
    `Cannot read MessagePack at byte ${cursor.at}: ${why}`,
  );
}
