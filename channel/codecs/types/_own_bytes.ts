import { putOwn } from "./_peer_data.ts";

/**
 * Returns decoded plain data in which the byte values of `lent` are replaced by
 * copies, except for those in `kept`. Changes lists and maps in place.
 */
export function ownBytes(
  value: unknown,
  lent: ReadonlySet<unknown>,
  kept: readonly unknown[],
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) {
    return lent.has(value) && !kept.includes(value) ? value.slice() : value;
  }
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      value[at] = ownBytes(value[at], lent, kept);
    }
    return value;
  }
  for (const [key, part] of Object.entries(value)) {
    const owned = ownBytes(part, lent, kept);
    if (owned !== part) putOwn(value as Record<string, unknown>, key, owned);
  }
  return value;
}
