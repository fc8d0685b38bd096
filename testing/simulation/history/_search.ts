// The search of Wing and Gong with Lowe's memory of what has been tried: it
// places one operation after the other, and takes the last back where one that
// has returned fits nowhere. What returned first is tried first. A pair of the operations placed so far and the
// state reached is tried once only. Operations without a return are tried last:
// mostly they are not needed, and they can be placed nearly everywhere.
import type { RecordedOperation } from "./events.ts";
import type { Model, Outcome } from "./model.ts";
import { stableKey } from "./_stable_key.ts";

/** How many steps of the model are left. */
export interface Budget {
  steps: number;
}

/** What a search found. */
export type SearchResult<State> =
  | {
    readonly kind: "order";
    /** The operations in that order, each with the state after it. */
    readonly order: readonly Placed<State>[];
  }
  | {
    readonly kind: "none";
    /** Where no order got further: the index of a return. */
    readonly blockedAt: number;
  }
  | { readonly kind: "unknown" };

/** An operation in an order, and the state after it. */
export interface Placed<State> {
  readonly operation: RecordedOperation;
  readonly state: State;
}

/**
 * Searches an order of `operations`, sorted by `invoked`, that the model
 * allows. Only events up to the index `until` count: what returns later has not
 * returned.
 */
export function search<State>(
  model: Model<State>,
  operations: readonly RecordedOperation[],
  budget: Budget,
  until = Infinity,
): SearchResult<State> {
  return new Search(model, operations, budget, until).run();
}

/** The head of a list of what is not placed yet, or an entry of it. */
interface Link {
  next: Entry | null;
}

/** An operation in the list of those that have returned, or of the others. */
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
  /** The first return that was in the way then; operations begun later wait. */
  readonly limit: number;
  readonly outcomes: readonly Outcome<State>[];
  /** Which of the outcomes comes next. */
  next: number;
  readonly before: State;
  after: State;
}

class Search<State> {
  readonly #model: Model<State>;
  readonly #budget: Budget;
  /** What has returned and is not placed, in the order of the returns. */
  readonly #ended: Link;
  /** What has not returned and is not placed, in the order of the begins. */
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

  /** Returns the first candidate, and the first return that is in the way. */
  #first(): [entry: Entry | null, limit: number] {
    const { next } = this.#ended;
    return [next, next?.operation.returned ?? Infinity];
  }

  /** Returns the next candidate; what has not returned comes last. */
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

  /** Places the operation with the first outcome that leads somewhere new. */
  #place(frame: Frame<State>): boolean {
    const { entry, outcomes, before } = frame;
    while (frame.next < outcomes.length) {
      const { state } = outcomes[frame.next++]!;
      const key = this.#keyOf(state);
      // An operation that need not be there and changes nothing is left out.
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

/** Which operations are placed, with a short text that is unique for the set. */
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

  /** Leaves out what is all placed at the front, and all open at the end. */
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
