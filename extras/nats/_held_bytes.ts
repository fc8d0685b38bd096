/** The minimum size of a buffer. */
const LEAST_BYTES = 1_024;

const NOTHING = new Uint8Array(0);

/**
 * Bytes that were received and not yet read. Holds no buffer while it is empty.
 */
export class HeldBytes {
  readonly #limit: number;
  /** Contains the bytes from `#from` to `#to`. */
  #buffer: Uint8Array = NOTHING;
  #from = 0;
  #to = 0;

  /** The buffer has at most `limit` bytes, the maximum that may be held. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#to - this.#from;
  }

  /**
   * Adds a copy of `data`, because the peer determines how much larger its
   * underlying buffer is.
   */
  add(data: Uint8Array): void {
    const { length } = this;
    const wanted = length + data.length;
    if (this.#to + data.length > this.#buffer.length) {
      let target = this.#buffer;
      if (wanted > target.length) {
        const size = Math.max(wanted, 2 * target.length, LEAST_BYTES);
        target = new Uint8Array(Math.min(size, this.#limit));
      }
      target.set(this.#buffer.subarray(this.#from, this.#to));
      this.#buffer = target;
      this.#from = 0;
      this.#to = length;
    }
    this.#buffer.set(data, this.#to);
    this.#to += data.length;
  }

  /** Moves the first bytes into `into`, and returns their number. */
  take(into: Uint8Array): number {
    const end = Math.min(this.#to, this.#from + into.length);
    const part = this.#buffer.subarray(this.#from, end);
    into.set(part);
    this.#from = end;
    if (end === this.#to) this.drop();
    return part.length;
  }

  drop(): void {
    this.#buffer = NOTHING;
    this.#from = this.#to = 0;
  }
}
