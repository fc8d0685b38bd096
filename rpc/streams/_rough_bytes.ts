/** The assumed size of a value without its text and bytes, in bytes. */
const VALUE_BYTES = 8;

/** The maximum of the estimate, because values may be circular. */
const MAX_COUNTED_BYTES = 16 * 1024 * 1024;

/**
 * Estimates the size of `value` on the wire, in bytes, without encoding it.
 * Stops counting at `enough`.
 */
export function roughBytes(value: unknown, enough: number): number {
  return flatBytes(value) ?? deepBytes(value, enough);
}

/**
 * Returns the size of a scalar, or of a plain object of scalars, which most
 * items of streams are; `null` for other values. It allocates no arrays, so it
 * takes a third of the time.
 */
function flatBytes(value: unknown): number | null {
  if (typeof value !== "object" || value === null) return scalarBytes(value);
  if (Object.getPrototypeOf(value) !== Object.prototype) return null;
  let bytes = VALUE_BYTES;
  for (const key in value) {
    const part = (value as Record<string, unknown>)[key];
    if (typeof part === "object" && part !== null) return null;
    bytes += key.length + scalarBytes(part);
  }
  return bytes;
}

function deepBytes(value: unknown, enough: number): number {
  const limit = Math.min(enough, MAX_COUNTED_BYTES);
  const pending: unknown[] = [];
  let bytes = ownBytes(value, pending, limit);
  while (pending.length > 0 && bytes < limit) {
    bytes += ownBytes(pending.pop(), pending, limit - bytes);
  }
  return bytes;
}

/** Returns the size of `value` without the parts that it adds to `pending`. */
function ownBytes(value: unknown, pending: unknown[], enough: number): number {
  if (typeof value !== "object" || value === null) return scalarBytes(value);
  if (Object.getPrototypeOf(value) === Object.prototype) {
    return VALUE_BYTES + addFields(value, pending);
  }
  return VALUE_BYTES + (bufferBytes(value) ?? addParts(value, pending, enough));
}

function scalarBytes(value: unknown): number {
  return VALUE_BYTES + (typeof value === "string" ? value.length : 0);
}

function bufferBytes(value: object): number | null {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer
    ? value.byteLength
    : null;
}

/**
 * Adds the parts of `value` to `pending`, up to `enough` bytes. Returns the
 * size of its keys and scalars.
 */
function addParts(value: object, pending: unknown[], enough: number): number {
  if (value instanceof Map) return addEach(value.entries(), pending, enough);
  if (Array.isArray(value) || value instanceof Set) {
    return addEach(value.values(), pending, enough);
  }
  return addFields(value, pending);
}

/**
 * Adds object fields to `pending`. Returns the size of the keys and scalars.
 */
function addFields(value: object, pending: unknown[]): number {
  let bytes = 0;
  for (const key of Object.keys(value)) {
    const part = (value as Record<string, unknown>)[key];
    bytes += key.length;
    if (typeof part === "object" && part !== null) pending.push(part);
    else bytes += scalarBytes(part);
  }
  return bytes;
}

/**
 * Adds parts to `pending`, up to `enough` bytes: each part counts for at least
 * a few bytes, so further parts do not matter.
 */
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
