/** The length of a small buffer. */
export const SMALL_BYTES = 4 * 1024;
/** The most buffers to keep, 256 KiB in all: as many as are used at once. */
const MOST_KEPT = 64;

const kept: Uint8Array<ArrayBuffer>[] = [];

/**
 * Returns a buffer of {@linkcode SMALL_BYTES}. All connections of the process
 * share the unused buffers, since a new buffer takes 2 µs. It still holds the
 * bytes of its last user.
 */
export function takeSmallBuffer(): Uint8Array<ArrayBuffer> {
  return kept.pop() ?? new Uint8Array(SMALL_BYTES);
}

/** Takes back a buffer. Its user must not touch it again. */
export function giveSmallBuffer(buffer: Uint8Array<ArrayBuffer>): void {
  if (kept.length < MOST_KEPT) kept.push(buffer);
}
