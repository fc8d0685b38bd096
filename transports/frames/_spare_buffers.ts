/** Shorter buffers are not worth it. */
const SHORTEST_BYTES = 128 * 1024;
/** What is kept in all: about what one busy connection queues. */
const MAX_KEPT_BYTES = 8 * 1024 * 1024;

/**
 * Large buffers that nobody uses any more, for all connections of the process.
 * New ones for each message keep the garbage collector busy, and have to be
 * zeroed: with these, messages of 1 MiB take half of the CPU time. What is in
 * one is what its last user left there.
 */
export class SpareBuffers {
  readonly #kept: Uint8Array<ArrayBuffer>[] = [];
  #keptBytes = 0;

  /** Takes `bytes` bytes: of a kept buffer of no more than twice that, or new. */
  take(bytes: number): Uint8Array<ArrayBuffer> {
    if (bytes < SHORTEST_BYTES) return new Uint8Array(bytes);
    const at = this.#kept.findIndex(({ length }) =>
      length >= bytes && length <= 2 * bytes
    );
    if (at === -1) return new Uint8Array(bytes);
    const [buffer] = this.#kept.splice(at, 1);
    this.#keptBytes -= buffer!.length;
    return buffer!;
  }

  /** Keeps a buffer that its user will not touch again, if it is worth it. */
  give(buffer: Uint8Array<ArrayBuffer>): void {
    const { length } = buffer;
    if (length < SHORTEST_BYTES || length > MAX_KEPT_BYTES) return;
    this.#kept.push(buffer);
    this.#keptBytes += length;
    while (this.#keptBytes > MAX_KEPT_BYTES) {
      this.#keptBytes -= this.#kept.shift()!.length;
    }
  }
}

/** Those of this process. */
export const spareBuffers: SpareBuffers = new SpareBuffers();
