/** What a value is taken to need beside its text and bytes. */
const VALUE_BYTES = 8;

/**
 * About how many bytes `value` takes on the wire, found without encoding it.
 * Stops counting at `enough`.
 */
export function roughBytes(value: unknown, enough: number): number {
  let bytes = 0;
  const pending: unknown[] = [value];
  while (pending.length > 0 && bytes < enough) {
    const next = pending.pop();
    bytes += VALUE_BYTES;
    if (typeof next === "string") bytes += next.length;
    else if (next instanceof Uint8Array) bytes += next.byteLength;
    else if (Array.isArray(next)) {
      for (const item of next) pending.push(item);
    } else if (typeof next === "object" && next !== null) {
      for (const [key, item] of Object.entries(next)) {
        bytes += key.length;
        pending.push(item);
      }
    }
  }
  return bytes;
}
