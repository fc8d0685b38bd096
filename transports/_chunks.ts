/** Bytes in the order of their arrival, in chunks of any length. */
export class Chunks {
  readonly #chunks: Uint8Array[] = [];

  /** Whether there are no bytes. */
  get isEmpty(): boolean {
    return this.#chunks.length === 0;
  }

  /** Adds a chunk, which belongs to the queue from now on. */
  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
  }

  /** Drops all bytes. */
  clear(): void {
    this.#chunks.length = 0;
  }

  /** Moves as many bytes as fit to `into`, and returns their number. */
  take(into: Uint8Array): number {
    let taken = 0;
    let whole = 0;
    while (whole < this.#chunks.length && taken < into.length) {
      const chunk = this.#chunks[whole]!;
      const part = chunk.subarray(0, into.length - taken);
      into.set(part, taken);
      taken += part.length;
      if (part.length === chunk.length) whole++;
      else this.#chunks[whole] = chunk.subarray(part.length);
    }
    // One splice for each read, because there may be very many short chunks.
    this.#chunks.splice(0, whole);
    return taken;
  }
}
