/** The length at which a line is cut, in UTF-16 units. */
const MAX_LENGTH = 65_536;

/** Splits text that arrives in parts into lines. */
export class Lines {
  readonly #onLine: (line: string) => void;
  #rest = "";

  /**
   * Creates a splitter. `onLine` hears each line without its end. A line that
   * arrives in parts and grows too long is cut, so that it takes little memory.
   */
  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  /** Adds text. */
  add(text: string): void {
    const lines = text.split("\n");
    const last = lines.pop()!;
    for (const line of lines) this.#emit(line);
    this.#rest += last;
    while (this.#rest.length > MAX_LENGTH) {
      const after = this.#rest.slice(MAX_LENGTH);
      this.#rest = this.#rest.slice(0, MAX_LENGTH);
      this.#emit("");
      this.#rest = after;
    }
  }

  /** Ends the text: what is left becomes a line, too. */
  end(): void {
    if (this.#rest !== "") this.#emit("");
  }

  #emit(end: string): void {
    const line = this.#rest + end;
    this.#rest = "";
    this.#onLine(line.endsWith("\r") ? line.slice(0, -1) : line);
  }
}
