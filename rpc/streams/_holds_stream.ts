/**
 * Returns whether `value` contains an async iterable. Also returns `true` if it
 * cannot be searched, for example because a getter throws.
 */
export function holdsStream(value: unknown): boolean {
  const seen = new Set<object>();
  const left: unknown[] = [value];
  try {
    while (left.length > 0) {
      const item = left.pop();
      if (typeof item !== "object" || item === null || seen.has(item)) continue;
      seen.add(item);
      if (Symbol.asyncIterator in item) return true;
      for (const part of Object.values(item)) left.push(part);
    }
  } catch {
    // Code of the user failed, and may hide a stream.
    return true;
  }
  return false;
}
