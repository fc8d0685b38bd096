/** Whether an async iterable is part of `value`. */
export function holdsStream(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  if (Symbol.asyncIterator in value) return true;
  return Object.values(value).some(holdsStream);
}
