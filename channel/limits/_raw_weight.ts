import {
  BINARY_BYTES,
  DOUBLE_BYTES,
  KEY_BYTES,
  MAP_BYTES,
  SLOT_BYTES,
  TEXT_BYTES,
  UNIT_BYTES,
} from "../codecs/types/_weight.ts";

/**
 * Returns the memory of decoded data whose limits are not yet checked, in
 * bytes. The data may be nested as deep as a frame allows, so this does not
 * recurse.
 */
export function rawWeight(data: unknown): number {
  let bytes = 0;
  const open = [data];
  while (open.length > 0) {
    const value = open.pop();
    bytes += SLOT_BYTES;
    if (typeof value === "string") bytes += textWeight(value);
    if (typeof value !== "object" || value === null) {
      bytes += DOUBLE_BYTES;
      continue;
    }
    if (value instanceof Uint8Array) {
      bytes += BINARY_BYTES + value.length;
      continue;
    }
    bytes += MAP_BYTES;
    if (Array.isArray(value)) {
      for (const item of value) open.push(item);
      continue;
    }
    for (const [key, entry] of Object.entries(value)) {
      bytes += KEY_BYTES + textWeight(key);
      open.push(entry);
    }
  }
  return bytes;
}

function textWeight(text: string): number {
  return TEXT_BYTES + UNIT_BYTES * text.length;
}
