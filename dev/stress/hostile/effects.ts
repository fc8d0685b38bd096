/** What must not reach a terminal as it is, other than the end of a line. */
// deno-lint-ignore no-control-regex -- these are what is looked for
const CONTROL = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/;

/** Records what happens on a server under attack that must not. */
export class Effects {
  /** A text that only those may learn who are allowed to. */
  readonly secret: string = `secret ${crypto.randomUUID()}`;
  readonly #found = new Map<string, number>();

  /** Something happened that must not. */
  readonly breach = (what: string): void => {
    this.#found.set(what, (this.#found.get(what) ?? 0) + 1);
  };

  /** A text is printed, or becomes a part of a line of a log. */
  printed(text: string): void {
    const at = CONTROL.exec(text);
    if (at === null) return;
    const start = Math.max(0, at.index - 20);
    this.breach(
      `printed ${JSON.stringify(text.slice(start, at.index + 20))}`,
    );
  }

  /** What has happened so far, a sentence each. */
  take(): string[] {
    const taken = [...this.#found].map(([what, times]) =>
      times === 1 ? what : `${what} (${times} times)`
    );
    this.#found.clear();
    for (const key of Reflect.ownKeys(Object.prototype)) {
      if (!NATIVE.has(key)) taken.push(`Object.prototype has '${String(key)}'`);
    }
    return taken;
  }
}

const NATIVE = new Set(Reflect.ownKeys(Object.prototype));
