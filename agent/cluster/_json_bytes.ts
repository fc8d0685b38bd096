const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** The byte between a head and the bytes after it. */
const END_OF_HEAD = 10;

/** Returns `head` as one line of JSON, followed by `bytes`. */
export function withHead(head: unknown, bytes?: Uint8Array): Uint8Array {
  const line = encoder.encode(`${JSON.stringify(head)}\n`);
  if (bytes === undefined) return line;
  const joined = new Uint8Array(line.length + bytes.length);
  joined.set(line);
  joined.set(bytes, line.length);
  return joined;
}

/**
 * Returns the head, as written by {@linkcode withHead}, and the bytes after it.
 *
 * @throws {SyntaxError} If `value` does not begin with a head.
 */
export function splitHead(
  value: Uint8Array,
): { readonly head: unknown; readonly bytes: Uint8Array } {
  const end = value.indexOf(END_OF_HEAD);
  return {
    head: JSON.parse(decoder.decode(value.subarray(0, Math.max(0, end)))),
    bytes: value.subarray(end + 1),
  };
}
