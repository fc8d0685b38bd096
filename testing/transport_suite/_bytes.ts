import { assert, assertEquals } from "@std/assert";

/** Whether two byte arrays are equal. */
export function areSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return firstDifference(a, b) === null;
}

/** Whether there are `length` bytes that are all `value`. */
export function areAll(
  bytes: Uint8Array,
  length: number,
  value: number,
): boolean {
  for (const byte of bytes) if (byte !== value) return false;
  return bytes.length === length;
}

/**
 * Asserts the same frames in the same order. For large frames, `assertEquals`
 * takes minutes and gigabytes to show the difference.
 */
export function assertSameFrames(
  actual: readonly Uint8Array[],
  wanted: readonly Uint8Array[],
): void {
  assertEquals(actual.length, wanted.length, "Other number of frames");
  for (const [n, frame] of wanted.entries()) {
    const found = actual[n]!;
    const at = firstDifference(found, frame);
    assert(
      at === null,
      `Frame ${n} has ${found.length} bytes, wanted ${frame.length}, and differs from byte ${at}`,
    );
  }
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | null {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) if (a[at] !== b[at]) return at;
  return a.length === b.length ? null : length;
}
