import { Histogram } from "./_histogram.ts";

/** Everything that a stress run counts, and every promise that was broken. */
export class Tally {
  /** What was broken, a sentence each. */
  readonly breaches: string[] = [];
  readonly #counts = new Map<string, number>();
  readonly #times = new Map<string, Histogram>();
  readonly #rows = new Map<string, (readonly (readonly string[])[])>();

  /** Counts something. */
  add(what: string, by: number = 1): void {
    this.#counts.set(what, this.count(what) + by);
  }

  /** How often it was counted. */
  count(what: string): number {
    return this.#counts.get(what) ?? 0;
  }

  /** All counts whose names begin with `prefix`, without it. */
  under(prefix: string): [name: string, count: number][] {
    return [...this.#counts]
      .filter(([what]) => what.startsWith(prefix))
      .map(([what, count]) => [what.slice(prefix.length), count] as const)
      .toSorted(([a], [b]) => a < b ? -1 : 1)
      .map(([name, count]) => [name, count]);
  }

  /** Something took so long. */
  time(what: string, ms: number): void {
    this.times(what).add(ms);
  }

  /** How long it took. */
  times(what: string): Histogram {
    const known = this.#times.get(what);
    if (known !== undefined) return known;
    const times = new Histogram();
    this.#times.set(what, times);
    return times;
  }

  /** Puts a row into a table. */
  note(table: string, row: readonly string[]): void {
    this.#rows.set(table, [...this.rows(table), row]);
  }

  /** The rows of a table, in their order. */
  rows(table: string): readonly (readonly string[])[] {
    return this.#rows.get(table) ?? [];
  }

  /** A promise was broken. */
  breach(sentence: string): void {
    this.breaches.push(sentence);
  }
}
