/** How long a line may get before it is cut, so that none takes all memory. */
const MAX_LENGTH = 65_536;

/** Cuts text that arrives in parts into lines. */
export class Lines {
  readonly #onLine: (line: string) => void;
  #rest = "";

  /** `onLine` hears each line, without its end. */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** More text. */
  add(text: string): void {
    const lines = text.split("\n");
    // Only the last part can be without an end.
    const rest = lines.pop()!;
    for (const line of lines) this.#emit(line);
    this.#rest += rest;
    while (this.#rest.length > MAX_LENGTH) {
      const line = this.#rest.slice(0, MAX_LENGTH);
      const after = this.#rest.slice(MAX_LENGTH);
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
