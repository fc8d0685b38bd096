/** How deep plain data may be nested. */
const MAX_DEPTH = 32;

/**
 * Whether every codec can carry `value` without a serializer. Data that comes
 * along with an error must not stand in the way of the error itself.
 */
export function isPlainData(value: unknown, depth = 0): boolean {
  switch (typeof value) {
    case "string":
      return value.isWellFormed();
    case "number":
      return Number.isFinite(value);
    case "boolean":
    case "undefined":
      return true;
    case "object":
      return value === null || depth < MAX_DEPTH && isPlainObject(value, depth);
    default:
      return false;
  }
}

function isPlainObject(value: object, depth: number): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (Array.isArray(value) && prototype === Array.prototype) {
    return value.every((item) => isPlainData(item, depth + 1));
  }
  if (prototype !== Object.prototype && prototype !== null) return false;
  return Object.entries(value).every(([key, item]) =>
    key !== "__type__" && key.isWellFormed() && isPlainData(item, depth + 1)
  );
}
