/**
 * Writes plain data as Python's `json` does, with `NaN`, `Infinity` and
 * `-Infinity` as bare words. Uses `JSON.stringify` for data without them.
 */
export function writePythonJson(value: unknown): string {
  return holdsNonFinite(value) ? write(value) : JSON.stringify(value);
}

function holdsNonFinite(value: unknown): boolean {
  if (typeof value === "number") return !Number.isFinite(value);
  if (typeof value !== "object" || value === null) return false;
  return Array.isArray(value)
    ? value.some(holdsNonFinite)
    : Object.values(value).some(holdsNonFinite);
}

function write(value: unknown): string {
  if (typeof value === "number" && !Number.isFinite(value)) {
    return String(value);
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(",")}]`;
  const members = Object.entries(value).map(
    ([key, item]) => `${JSON.stringify(key)}:${write(item)}`,
  );
  return `{${members.join(",")}}`;
}
