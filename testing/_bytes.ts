/** Whether two runs of bytes are the same; faster than `assertEquals`. */
export function areSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Whether there are `length` bytes, all of them `value`. */
export function areAll(
  bytes: Uint8Array,
  length: number,
  value: number,
): boolean {
  if (bytes.length !== length) return false;
  for (let at = 0; at < length; at++) if (bytes[at] !== value) return false;
  return true;
}
