// The linearizability search of Wing and Gong, with Lowe's memory of tried
// configurations. It places one operation after the other, and backtracks when
// an operation that has returned cannot be placed. Operations are tried in the
// order of their returns. Each pair of placed operations and reached state is
// tried only once. Operations without a return are tried last: they are rarely
// needed, and can be placed almost anywhere.
import type { RecordedOperation } from "./events.ts";
import type { Model, Outcome } from "./model.ts";
import { stableKey } from "./_stable_key.ts";

/** The number of model steps left. */
export interface Budget {
  steps: number;
}

/** The result of a search. */
export type SearchResult<State> =
  | {
    readonly kind: "order";
    /** The operations in a valid order, each with the state after it. */
    readonly order: readonly Placed<State>[];
  }
  | {
    readonly kind: "none";
    /** The index of the first return that no order got past. */
    readonly blockedAt: number;
  }
  | { readonly kind: "unknown" };

/** An operation in an order, and the state after it. */
export interface Placed<State> {
  readonly operation: RecordedOperation;
  readonly state: State;
}

/**
 * Searches for an order of `operations`, sorted by `invoked`, that the model
 * allows. Only events up to the index `until` count: operations that return
 * later count as open.
 */
export function search<State>(
  model: Model<State>,
  operations: readonly RecordedOperation[],
  budget: Budget,
  until = Infinity,
): SearchResult<State> {
  return new Search(model, operations, budget, until).run();
}

/** The head of a list of unplaced operations, or an entry of it. */
interface Link {
  next: Entry | null;
}

/**
 * An operation in the list of returned operations, or in the list of open ones.
 */
interface Entry extends Link {
  readonly operation: RecordedOperation;
  readonly index: number;
  readonly hasReturned: boolean;
  /** When the first of this and all later entries of the list was invoked. */
  readonly earliest: number;
  previous: Link;
}

interface Frame<State> {
  readonly entry: Entry;
  /**
   * The first return that blocked at that point; operations invoked later wait.
   */
  readonly limit: number;
  readonly outcomes: readonly Outcome<State>[];
  /** The index of the next outcome to try. */
  next: number;
  readonly before: State;
  after: State;
}

class Search<State> {
  readonly #model: Model<State>;
  readonly #budget: Budget;
  /** Unplaced operations that have returned, in the order of their returns. */
  readonly #ended: Link;
  /** Unplaced operations that have not returned, in the order of invocation. */
  readonly #open: Link;
  readonly #stack: Frame<State>[] = [];
  readonly #placed: PlacedSet;
  readonly #seen = new Set<string>();
  #state: State;
  #blockedAt = 0;

  constructor(
    model: Model<State>,
    operations: readonly RecordedOperation[],
    budget: Budget,
    until: number,
  ) {
    this.#model = model;
    this.#budget = budget;
    this.#state = model.init();
    this.#placed = new PlacedSet(operations.length);
    const entries = operations.map((operation, index) => ({
      ...{ operation, index },
      hasReturned: operation.returned <= until && operation.returned < Infinity,
    }));
    this.#open = link(entries.filter(({ hasReturned }) => !hasReturned));
    this.#ended = link(
      entries.filter(({ hasReturned }) => hasReturned)
        .sort((a, b) => a.operation.returned - b.operation.returned),
    );
  }

  run(): SearchResult<State> {
    let [entry, limit] = this.#first();
    while (limit < Infinity) {
      if (entry === null || entry.earliest >= limit) {
        this.#blockedAt = Math.max(this.#blockedAt, limit);
        const frame = this.#takeBack();
        if (frame === null) return this.#none();
        [entry, limit] = this.#place(frame)
          ? this.#first()
          : [this.#after(frame.entry, frame.limit), frame.limit];
      } else if (entry.operation.invoked >= limit) {
        entry = this.#after(entry, limit);
      } else {
        if (this.#budget.steps <= 0) return { kind: "unknown" };
        [entry, limit] = this.#place(this.#begin(entry, limit))
          ? this.#first()
          : [this.#after(entry, limit), limit];
      }
    }
    const order = this.#stack.map(({ entry, after }) => ({
      operation: entry.operation,
      state: after,
    }));
    return { kind: "order", order };
  }

  /** Returns the first candidate, and the first blocking return. */
  #first(): [entry: Entry | null, limit: number] {
    const { next } = this.#ended;
    return [next, next?.operation.returned ?? Infinity];
  }

  /** Returns the next candidate; operations without a return come last. */
  #after({ next, hasReturned }: Entry, limit: number): Entry | null {
    if (!hasReturned || (next !== null && next.earliest < limit)) return next;
    return this.#open.next;
  }

  #none(): SearchResult<State> {
    return { kind: "none", blockedAt: this.#blockedAt };
  }

  #begin(entry: Entry, limit: number): Frame<State> {
    this.#budget.steps--;
    const { operation } = entry;
    const outcomes = this.#model.step(this.#state, operation).filter((it) =>
      !entry.hasReturned || !("output" in it) ||
      stableKey(it.output) === stableKey(operation.output)
    );
    const before = this.#state;
    return { entry, limit, outcomes, next: 0, before, after: before };
  }

  /** Places the operation with the first outcome that leads to a new state. */
  #place(frame: Frame<State>): boolean {
    const { entry, outcomes, before } = frame;
    while (frame.next < outcomes.length) {
      const { state } = outcomes[frame.next++]!;
      const key = this.#keyOf(state);
      // Skip an open operation that changes nothing.
      if (!entry.hasReturned && key === this.#keyOf(before)) continue;
      this.#placed.add(entry.index);
      const configuration = `${this.#placed.key()}|${key}`;
      if (this.#seen.has(configuration)) {
        this.#placed.delete(entry.index);
        continue;
      }
      this.#seen.add(configuration);
      this.#state = frame.after = state;
      this.#stack.push(frame);
      entry.previous.next = entry.next;
      if (entry.next !== null) entry.next.previous = entry.previous;
      return true;
    }
    return false;
  }

  #takeBack(): Frame<State> | null {
    const frame = this.#stack.pop();
    if (frame === undefined) return null;
    const { entry, before } = frame;
    entry.previous.next = entry;
    if (entry.next !== null) entry.next.previous = entry;
    this.#placed.delete(entry.index);
    this.#state = before;
    return frame;
  }

  #keyOf(state: State): string {
    return this.#model.stateKey?.(state) ?? stableKey(state);
  }
}

/** Links entries in their order, and returns the head of the list. */
function link(
  items: readonly Pick<Entry, "operation" | "index" | "hasReturned">[],
): Link {
  const head: Link = { next: null };
  let [next, earliest]: [Entry | null, number] = [null, Infinity];
  for (const item of items.toReversed()) {
    earliest = Math.min(earliest, item.operation.invoked);
    const entry: Entry = { ...item, earliest, previous: head, next };
    if (next !== null) next.previous = entry;
    head.next = next = entry;
  }
  return head;
}

/** The set of placed operations, with a short text key unique to the set. */
class PlacedSet {
  readonly #words: Uint16Array;

  constructor(size: number) {
    this.#words = new Uint16Array(Math.ceil(size / 16));
  }

  add(index: number): void {
    this.#words[index >> 4]! |= 1 << (index & 15);
  }

  delete(index: number): void {
    this.#words[index >> 4]! &= ~(1 << (index & 15));
  }

  /**
   * Omits the fully placed words at the front and the empty ones at the end.
   */
  key(): string {
    const words = this.#words;
    let [from, to] = [0, words.length];
    while (from < to && words[from] === 0xffff) from++;
    while (to > from && words[to - 1] === 0) to--;
    let key = `${from}:`;
    for (let at = from; at < to; at++) key += String.fromCharCode(words[at]!);
    return key;
  }
}
