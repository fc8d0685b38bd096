const KEY_BYTES = 4;
const POOL_BYTES = 1_024;

/**
 * Random keys for the frames of a client, which must be unpredictable (RFC
 * 6455, 5.3). They are drawn in bulk: one call per key would cost as much as a
 * short message.
 */
export class MaskKeys {
  #pool: Uint8Array<ArrayBuffer> | null = null;
  #at = POOL_BYTES;

  /** Returns the next key, as a view that stays valid. */
  next(): Uint8Array {
    if (this.#pool === null || this.#at === POOL_BYTES) {
      this.#pool = crypto.getRandomValues(new Uint8Array(POOL_BYTES));
      this.#at = 0;
    }
    this.#at += KEY_BYTES;
    return this.#pool.subarray(this.#at - KEY_BYTES, this.#at);
  }
}
