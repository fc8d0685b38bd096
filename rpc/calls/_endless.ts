/** Streams that never end on their own. */
const endless = new WeakSet<object>();

/**
 * Marks a stream that never ends on its own, such as a subscription. A
 * connection that closes gracefully does not wait for it.
 */
export function markEndless(stream: object): void {
  endless.add(stream);
}

/** Returns whether a stream is marked as endless. */
export function isEndless(stream: object): boolean {
  return endless.has(stream);
}
