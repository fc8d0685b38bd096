/** How long a line may get, where nothing else is asked for. */
const MAX_LENGTH = 65_536;

/** Cuts text that arrives in parts into lines. */
export class Lines {
  readonly #onLine: (line: string) => void;
  readonly #maxLength: number;
  #rest = "";

  /**
   * `onLine` hears each line, without its end. One that arrives in parts and is
   * longer than `maxLength` is cut, so that none takes all memory.
   */
  constructor(onLine: (line: string) => void, maxLength: number = MAX_LENGTH) {
    this.#onLine = onLine;
    this.#maxLength = maxLength;
  }

  /** More text. */
  add(text: string): void {
    const lines = text.split("\n");
    // Only the last part can be without an end.
    const rest = lines.pop()!;
    for (const line of lines) this.#emit(line);
    this.#rest += rest;
    while (this.#rest.length > this.#maxLength) {
      const last = this.#rest.charCodeAt(this.#maxLength - 1);
      // Not in the middle of a surrogate pair.
      const isHalf = this.#maxLength > 1 &&
        last >= 0xd800 && last <= 0xdbff;
      const length = this.#maxLength - (isHalf ? 1 : 0);
      const line = this.#rest.slice(0, length);
      const after = this.#rest.slice(length);
      this.#rest = "";
      this.#emit(line);
      this.#rest = after;
    }
  }

  /** The text is over: what is left is a line, too. */
  end(): void {
    if (this.#rest !== "") this.#emit("");
  }

  #emit(line: string): void {
    const whole = this.#rest + line;
    this.#rest = "";
    this.#onLine(whole.endsWith("\r") ? whole.slice(0, -1) : whole);
  }
}
