import { Output } from "./_output.ts";

/**
 * The output for the next message. `null` while a message is written, and after
 * a message that failed.
 */
let idle: Output | null = null;

/**
 * Encodes plain data. Nothing else writes to the returned bytes. A safe integer
 * takes as few bytes as it needs. Any other number, and each `bigint`, takes
 * eight.
 *
 * @throws {TypeError} If a value in it is not plain data.
 * @throws {RangeError} If a `bigint` is beyond 64 bits.
 */
export function encodeMsgPack(value: unknown): Uint8Array {
  // A getter may encode another message during this one.
  const output = idle ?? new Output();
  idle = null;
  writeValue(output, value);
  idle = output;
  return output.end();
}

function writeValue(output: Output, value: unknown): void {
  switch (typeof value) {
    case "string":
      return output.text(value);
    case "number":
      return writeNumber(output, value);
    case "boolean":
      return output.byte(value ? 0xc3 : 0xc2);
    case "bigint":
      return writeBigint(output, value);
    case "object":
      if (value === null) return output.byte(0xc0);
      if (Array.isArray(value)) return writeList(output, value);
      if (value instanceof Uint8Array) return output.binary(value);
      return writeMap(output, value as Record<string, unknown>);
  }
  throw new TypeError(
    `Cannot write MessagePack: found '${typeof value}', which is no plain data`,
  );
}

function writeNumber(output: Output, value: number): void {
  if ((value | 0) === value) {
    if (value >= 0) writeUint(output, value);
    else if (value >= -0x20) output.byte(value & 0xff);
    else if (value >= -0x80) output.uint8(0xd0, value & 0xff);
    else if (value >= -0x8000) output.uint16(0xd1, value & 0xffff);
    else output.uint32(0xd2, value);
  } else if (!Number.isSafeInteger(value)) {
    output.float64(value);
  } else if (value >= 0 && value <= 0xffff_ffff) {
    output.uint32(0xce, value);
  } else {
    output.uint64(
      value < 0 ? 0xd3 : 0xcf,
      Math.floor(value / 0x1_0000_0000),
      value,
    );
  }
}

function writeUint(output: Output, value: number): void {
  if (value < 0x80) output.byte(value);
  else if (value < 0x100) output.uint8(0xcc, value);
  else if (value < 0x1_0000) output.uint16(0xcd, value);
  else output.uint32(0xce, value);
}

const MIN_INT64 = -(2n ** 63n);
const MAX_UINT64 = 2n ** 64n - 1n;

function writeBigint(output: Output, value: bigint): void {
  if (value < MIN_INT64 || value > MAX_UINT64) {
    throw new RangeError(
      "Cannot write MessagePack: found a bigint beyond 64 bits",
    );
  }
  output.uint64(
    value < 0n ? 0xd3 : 0xcf,
    Number(value >> 32n),
    Number(value & 0xffff_ffffn),
  );
}

function writeList(output: Output, list: readonly unknown[]): void {
  const { length } = list;
  if (length < 0x10) output.byte(0x90 | length);
  else if (length < 0x1_0000) output.uint16(0xdc, length);
  else output.uint32(0xdd, length);
  for (let index = 0; index < length; index++) writeValue(output, list[index]);
}

function writeMap(output: Output, map: Record<string, unknown>): void {
  const keys = Object.keys(map);
  const { length } = keys;
  if (length < 0x10) output.byte(0x80 | length);
  else if (length < 0x1_0000) output.uint16(0xde, length);
  else output.uint32(0xdf, length);
  for (let index = 0; index < length; index++) {
    const key = keys[index]!;
    output.text(key);
    writeValue(output, map[key]);
  }
}
