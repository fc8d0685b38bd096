import type { DirectoryEntry, DirectoryPropertyValue } from "./entry.ts";

/** Which entries are meant; checked already. */
export class Query {
  readonly type: string | null;
  readonly #match: readonly (readonly [string, readonly unknown[]])[];

  /** `match` has the values that each property may have. */
  constructor(
    type: string | null,
    match: ReadonlyMap<string, readonly DirectoryPropertyValue[]>,
  ) {
    this.type = type;
    this.#match = [...match];
  }

  /** Whether an entry is meant. */
  means({ type, properties }: DirectoryEntry): boolean {
    return (this.type === null || this.type === type) &&
      this.#match.every(([name, values]) => values.includes(properties[name]));
  }
}
