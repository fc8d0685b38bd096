/** The assumed size of a value without its text and bytes. */
const VALUE_BYTES = 8;

/** The maximum of the estimate, because values may be circular. */
const MAX_COUNTED_BYTES = 16 * 1024 * 1024;

/**
 * Estimates the size of `value` on the wire, in bytes, without encoding it.
 * Stops counting at `enough`.
 */
export function roughBytes(value: unknown, enough: number): number {
  const limit = Math.min(enough, MAX_COUNTED_BYTES);
  const pending: unknown[] = [value];
  let bytes = 0;
  while (pending.length > 0 && bytes < limit) {
    const next = pending.pop();
    bytes += VALUE_BYTES;
    if (typeof next === "string") bytes += next.length;
    else if (typeof next === "object" && next !== null) {
      bytes += bufferBytes(next) ?? addParts(next, pending, limit - bytes);
    }
  }
  return bytes;
}

function bufferBytes(value: object): number | null {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer
    ? value.byteLength
    : null;
}

/** Adds the parts of `value`, up to `enough` bytes; returns the bytes of its keys. */
function addParts(value: object, pending: unknown[], enough: number): number {
  if (value instanceof Map) return addEach(value.entries(), pending, enough);
  if (Array.isArray(value) || value instanceof Set) {
    return addEach(value.values(), pending, enough);
  }
  let bytes = 0;
  for (const key of Object.keys(value)) {
    bytes += key.length;
    pending.push((value as Record<string, unknown>)[key]);
  }
  return bytes;
}

/** Each part counts for a few bytes, so more parts than that cannot matter. */
function addEach(
  parts: Iterable<unknown>,
  pending: unknown[],
  enough: number,
): number {
  const most = pending.length + Math.ceil(enough / VALUE_BYTES);
  for (const part of parts) {
    if (pending.push(part) >= most) break;
  }
  return 0;
}
