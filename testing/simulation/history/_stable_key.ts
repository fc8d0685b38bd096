/**
 * Returns a text that is the same for values that are equal as data. As in
 * JSON, `null`, `undefined` and members that are `undefined` are equal.
 *
 * @throws {TypeError} If the value contains a function or a symbol.
 */
export function stableKey(value: unknown): string {
  if (value === null || value === undefined) return "null";
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "number":
    case "boolean":
      return String(value);
    case "bigint":
      return `${value}n`;
    case "object":
      return objectKey(value);
  }
  throw new TypeError(
    `Cannot compare values of a history: a ${typeof value} is no data`,
  );
}

function objectKey(value: object): string {
  if (Array.isArray(value)) return `[${value.map(stableKey).join()}]`;
  if (value instanceof Map) return `Map${sortedKey(value)}`;
  if (value instanceof Set) return `Set${sortedKey(value)}`;
  if (value instanceof Date) return `Date(${value.getTime()})`;
  if (value instanceof Uint8Array) return `Bytes(${value.join()})`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined && member !== null)
    .map(([key, member]) => `${JSON.stringify(key)}:${stableKey(member)}`);
  return `{${members.sort().join()}}`;
}

function sortedKey(items: Iterable<unknown>): string {
  return `{${Array.from(items, stableKey).sort().join()}}`;
}
