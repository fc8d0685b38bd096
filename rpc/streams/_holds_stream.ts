/**
 * Returns whether an async iterable is part of `value`. A value that cannot be
 * searched, such as one whose getter throws, counts as if one were.
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
