/**
 * Names under which the language, or what prints and compares values, calls a
 * function that it finds in an object, without anyone asking for it. Data of a
 * peer may hold functions of the peer: under these names it may not.
 */
const CALLED_NAMES: ReadonlySet<string> = new Set([
  // By `await` and everything else that resolves a promise
  "then",
  // By `JSON.stringify`
  "toJSON",
  // By conversions to text and numbers
  "toString",
  "toLocaleString",
  "valueOf",
  // By loggers and test libraries
  "asymmetricMatch",
  "constructor",
  "hasOwnProperty",
  "isPrototypeOf",
  "propertyIsEnumerable",
]);

/** Whether a value under `key` would be called without anyone asking for it. */
export function isCalledUnasked(key: string, value: unknown): boolean {
  return typeof value === "function" && CALLED_NAMES.has(key);
}

/** Whether `await` would call a method of `value`; its getters may throw. */
export function isThenable(value: unknown): boolean {
  return (typeof value === "function" ||
    (typeof value === "object" && value !== null)) &&
    typeof (value as { then?: unknown }).then === "function";
}

/**
 * A promise that is refused as data is awaited by nobody, and its rejection
 * must not end the process.
 */
export function ignoreRejection(refused: unknown): void {
  try {
    if (refused instanceof Promise) refused.catch(() => {});
  } catch {
    // A `Proxy` that does not tell what it is: none, then.
  }
}
