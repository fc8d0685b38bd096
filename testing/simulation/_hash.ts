/** A running 32-bit hash (FNV-1a) over a sequence of numbers and texts. */
export class RunningHash {
  #state = 0x811c_9dc5;

  /** Adds a finite number, rounded to thousandths. */
  addNumber(value: number): void {
    const thousandths = Math.round(value * 1_000);
    this.#mix(thousandths | 0);
    this.#mix((thousandths / 2 ** 32) | 0);
  }

  /** Adds a text. */
  addText(text: string): void {
    for (let at = 0; at < text.length; at++) this.#mix(text.charCodeAt(at));
    this.#mix(text.length);
  }

  /** The hash so far, as eight hexadecimal digits. */
  get digest(): string {
    return (this.#state >>> 0).toString(16).padStart(8, "0");
  }

  #mix(value: number): void {
    const mixed = Math.imul(this.#state ^ value, 0x0100_0193);
    this.#state = mixed ^ (mixed >>> 15);
  }
}

/**
 * Derives a 32-bit seed for one purpose of a run, such as one node's faults.
 */
export function seedFor(seed: number, ...purpose: readonly string[]): number {
  const hash = new RunningHash();
  hash.addNumber(seed);
  for (const text of purpose) hash.addText(text);
  return parseInt(hash.digest, 16);
}
