/**
 * The most bytes that become text at once: one read of a connection at rest.
 */
const WINDOW_BYTES = 4 * 1024;

/** The number of reads to skip after a read that was not ASCII. */
const SKIPPED_READS = 15;

const HEADER_BYTES = 4;

const decoder = new TextDecoder();

/**
 * The text of frames that were read together. Decoding all of them at once and
 * cutting the result takes a fifth of the time of decoding each small frame.
 * Only for ASCII, where each byte is one unit of the text.
 */
export class BurstText {
  /** The text of the buffer from `#start` to `#end`, headers included. */
  #text = "";
  #start = 0;
  #end = 0;
  #skippedReads = 0;

  /** To be called before the buffer changes. */
  forget(): void {
    if (this.#skippedReads > 0) this.#skippedReads--;
    this.#text = "";
    this.#start = this.#end = 0;
  }

  /**
   * Returns the payload from `start` to `end` of `buffer`, which was read up to
   * `filled`, as text. Returns `null` if that is not possible: the payload is
   * not ASCII, came alone, or was not examined.
   */
  of(
    buffer: Uint8Array,
    start: number,
    end: number,
    filled: number,
  ): string | null {
    if (this.#skippedReads > 0) return null;
    if (end > this.#end) {
      const isAlone = end === filled;
      if (isAlone || end - start > WINDOW_BYTES) return null;
      this.#decode(buffer, start, end, Math.min(filled, start + WINDOW_BYTES));
      if (this.#skippedReads > 0) return null;
    }
    return this.#text.slice(start - this.#start, end - this.#start);
  }

  #decode(
    buffer: Uint8Array,
    start: number,
    firstEnd: number,
    end: number,
  ): void {
    const headers = hideLengths(buffer, firstEnd, end);
    const text = decoder.decode(buffer.subarray(start, end));
    for (const at of headers) buffer[at]! |= HIGH_BIT;
    if (text.length !== end - start || text.includes("\ufffd")) {
      this.#skippedReads = SKIPPED_READS;
      return;
    }
    this.#text = text;
    this.#start = start;
    this.#end = end;
  }
}

const HIGH_BIT = 0x80;
const NONE_HIDDEN: readonly number[] = [];

/**
 * Clears the high bit of the last byte in each header from `start` to `end`, so
 * that it is ASCII. Returns the indices where the bit was set.
 */
function hideLengths(
  buffer: Uint8Array,
  start: number,
  end: number,
): readonly number[] {
  let hidden: number[] | null = null;
  let at = start;
  while (at + HEADER_BYTES <= end) {
    const last = at + HEADER_BYTES - 1;
    const length = buffer[last - 1]! << 8 | buffer[last]!;
    if (length & HIGH_BIT) {
      (hidden ??= []).push(last);
      buffer[last]! &= ~HIGH_BIT;
    }
    at = last + 1 + length;
  }
  return hidden ?? NONE_HIDDEN;
}
