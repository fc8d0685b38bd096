/** The maximum length of a key or topic, in characters. */
const MAX_KEY_LENGTH = 512;

/** The maximum size of a value or message, in bytes. */
const MAX_VALUE_BYTES = 512 * 1024;

/** The shortest lease, in milliseconds. Some engines count in whole seconds. */
const MIN_LEASE_MS = 1_000;

/**
 * Throws unless `text` is words of letters, digits, `_` and `-`, joined by `.`.
 *
 * @throws {TypeError} If `text` has another form.
 */
export function checkKey(text: unknown, kind: "key" | "topic"): void {
  const isKey = typeof text === "string" && text.length <= MAX_KEY_LENGTH &&
    /^[\w-]+(\.[\w-]+)*$/.test(text);
  if (isKey) return;
  throw new TypeError(
    `Cannot use the ${kind} '${text}': it must be words of letters, digits, '_' and '-', joined by '.', of up to ${MAX_KEY_LENGTH} characters`,
  );
}

/**
 * Throws unless `prefix` is empty, or consists of words that each end with `.`.
 *
 * @throws {TypeError} If `prefix` has another form.
 */
export function checkPrefix(prefix: unknown): void {
  const isPrefix = typeof prefix === "string" &&
    prefix.length <= MAX_KEY_LENGTH && /^([\w-]+\.)*$/.test(prefix);
  if (isPrefix) return;
  throw new TypeError(
    `Cannot watch '${prefix}': the prefix must be empty, or words of letters, digits, '_' and '-' with a '.' behind each`,
  );
}

/**
 * Checks the size of a value or message.
 *
 * @throws {RangeError} If it is too large.
 */
export function checkValue(bytes: Uint8Array, kind: "value" | "message"): void {
  if (bytes.length <= MAX_VALUE_BYTES) return;
  throw new RangeError(
    `Cannot use a ${kind} of ${bytes.length} bytes: it may have ${MAX_VALUE_BYTES}`,
  );
}

/**
 * Checks the length of a lease.
 *
 * @throws {RangeError} If it is too short.
 */
export function checkLease(leaseMs: number): void {
  if (leaseMs >= MIN_LEASE_MS) return;
  throw new RangeError(
    `Cannot lease for ${leaseMs} ms: use ${MIN_LEASE_MS} or more`,
  );
}
