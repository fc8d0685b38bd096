/** Streams without an end of their own. */
const endless = new WeakSet<object>();

/**
 * Marks a stream that has no end of its own, such as a subscription: no
 * connection waits for its end when it closes with some grace.
 */
export function markEndless(stream: object): void {
  endless.add(stream);
}

/** Returns whether a stream has no end of its own. */
export function isEndless(stream: object): boolean {
  return endless.has(stream);
}
