import { putOwn } from "./_peer_data.ts";

/**
 * Returns decoded plain data in which the byte values of `views` are replaced by
 * copies, except for those in `kept`. Changes lists and maps in place.
 */
export function ownBytes(
  value: unknown,
  views: ReadonlySet<unknown>,
  kept: readonly unknown[],
): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Uint8Array) {
    return views.has(value) && !kept.includes(value) ? value.slice() : value;
  }
  if (Array.isArray(value)) {
    for (let at = 0; at < value.length; at++) {
      value[at] = ownBytes(value[at], views, kept);
    }
    return value;
  }
  for (const [key, part] of Object.entries(value)) {
    const owned = ownBytes(part, views, kept);
    if (owned !== part) putOwn(value as Record<string, unknown>, key, owned);
  }
  return value;
}
