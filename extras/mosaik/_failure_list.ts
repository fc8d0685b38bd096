import { asError, toPlainFailure } from "../../rpc/internal.ts";
import { cutText } from "../../transports/printable.ts";

/** The maximum size of a character, as `\uXXXX`, in bytes. */
const BYTES_A_CHARACTER = 6;

/** The bytes of a frame that are not text of the failure. */
const FRAME_BYTES = 100;

/**
 * Returns the content of a failure as mosaik reads it: name, message, and the
 * lines of the stack. A list of less than two strings, or of other values,
 * would end mosaik's reader, so text that does not fit a frame of `maxBytes` is
 * cut. Never throws.
 */
export function failureList(error: unknown, maxBytes: number): string[] {
  const { name, message } = toPlainFailure(error);
  let left = Math.floor((maxBytes - FRAME_BYTES) / BYTES_A_CHARACTER);
  const list: string[] = [];
  for (const line of [name, message, ...stackLines(error)]) {
    if (list.length >= 2 && left <= 0) break;
    // Python cannot print half of a surrogate pair.
    const cut = cutText(line, Math.max(left, 0)).toWellFormed();
    list.push(cut);
    // Each line also has quotes, a comma and a space.
    left -= cut.length + 1;
  }
  return list;
}

/** Returns the lines of a stack without the message above them. */
function stackLines(thrown: unknown): string[] {
  try {
    return (asError(thrown)?.stack ?? "").split("\n")
      .filter((line) => /^\s+at /.test(line));
  } catch {
    // A getter of the user has thrown: the failure is sent without the stack.
    return [];
  }
}
