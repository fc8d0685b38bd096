import { Histogram } from "./_histogram.ts";

/** The counters of a stress run, and its broken guarantees. */
export class Counters {
  /** One sentence per broken guarantee. */
  readonly breaches: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #times = new Map<string, Histogram>();
  readonly #rows = new Map<string, (readonly (readonly string[])[])>();

  /** Adds to a counter. */
  add(what: string, by: number = 1): void {
    this.#counts.set(what, this.count(what) + by);
  }

  /** Returns a counter. */
  count(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /**
   * Returns the counters whose names begin with `prefix`, without the prefix.
   */
  under(prefix: string): [name: string, count: number][] {
    return [...this.#counts]
      .filter(([what]) => what.startsWith(prefix))
      .map(([what, count]) => [what.slice(prefix.length), count] as const)
      .toSorted(([a], [b]) => a < b ? -1 : 1)
      .map(([name, count]) => [name, count]);
  }

  /** Adds a time. */
  time(what: string, ms: number): void {
    this.times(what).add(ms);
  }

  /** Returns the times with a name. */
  times(what: string): Histogram {
    const known = this.#times.get(what);
    if (known !== undefined) return known;
    const times = new Histogram();
    this.#times.set(what, times);
    return times;
  }

  /** Adds a row to a table. */
  note(table: string, row: readonly string[]): void {
    this.#rows.set(table, [...this.rows(table), row]);
  }

  /** Returns the rows of a table, in order. */
  rows(table: string): readonly (readonly string[])[] {
    return this.#rows.get(table) ?? [];
  }

  /** Adds a broken guarantee. */
  breach(sentence: string): void {
    this.breaches.push(sentence);
  }
}
