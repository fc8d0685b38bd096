/**
 * Names of methods that the language, loggers or test libraries call unasked.
 * Data of a peer may hold functions of that peer, but not under these names.
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

/** Returns whether the language or a library would call `value` unasked. */
export function isCalledUnasked(key: string, value: unknown): boolean {
  return typeof value === "function" && CALLED_NAMES.has(key);
}

/**
 * Returns whether `await` would call a method of `value`. Throws if a getter of
 * `value` throws.
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "function" ||
    (typeof value === "object" && value !== null)) &&
    typeof (value as { then?: unknown }).then === "function";
}

/**
 * Handles the rejection of a promise that was refused as data. No caller awaits
 * it, and its rejection must not end the process.
 */
export function ignoreRejection(refused: unknown): void {
  try {
    if (refused instanceof Promise) refused.catch(() => {});
  } catch {
    // A `Proxy` that throws on `instanceof` is not a promise.
  }
}

/**
 * Sets an own property. In Node and browsers, plain assignment to `__proto__`
 * would set the prototype instead.
 */
export function putOwn(
  target: Record<string, unknown>,
  key: string,
  value: unknown,
): void {
  if (key !== "__proto__") {
    target[key] = value;
    return;
  }
  Object.defineProperty(target, key, {
    value,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}
