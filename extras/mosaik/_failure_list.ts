import { asError, toPlainFailure } from "../../rpc/internal.ts";
import { cutText } from "../../transports/printable.ts";

/** How many bytes a character takes at most, as `\uXXXX`. */
const BYTES_A_CHARACTER = 6;

/** What of a frame is not text of the failure. */
const FRAME_BYTES = 100;

/**
 * The content of a failure as mosaik reads it: name, message, and the lines of
 * the stack. Anything but two or more texts would end mosaik's reader, so
 * what does not fit a frame of `maxBytes` is cut. Never throws.
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
    // Quotes, comma and space come to each line.
    left -= cut.length + 1;
  }
  return list;
}

/** Returns the lines of a stack without the message that stands above them. */
function stackLines(thrown: unknown): string[] {
  try {
    return (asError(thrown)?.stack ?? "").split("\n")
      .filter((line) => /^\s+at /.test(line));
  } catch {
    // A getter that throws tells nothing; the failure is sent without it.
    return [];
  }
}
