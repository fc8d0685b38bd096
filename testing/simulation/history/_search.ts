// The search of Wing and Gong with Lowe's memory of what has been tried: it
// places one operation after the other, and takes the last back where one that
// has returned fits nowhere. A pair of the operations placed so far and the
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

/** The head of the list of what is not placed yet, or an entry of it. */
interface Link {
  next: Entry | null;
}

/** An invocation or a return. */
interface Entry extends Link {
  readonly operation: RecordedOperation;
  readonly index: number;
  readonly isReturn: boolean;
  /** The invocation's return, if there is one. */
  readonly ending: Entry | null;
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
  /** What has returned and is not placed. */
  readonly #head: Link;
  /** What has not returned and is not placed. */
  readonly #openHead: Link;
  readonly #stack: Frame<State>[] = [];
  readonly #placed: PlacedSet;
  readonly #seen = new Set<string>();
  #state: State;
  /** How many operations have returned and are not placed. */
  #missing = 0;
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
    const [open, ended] = partition(entriesOf(operations, until));
    this.#openHead = link(open);
    this.#head = link(ended);
    for (let at = this.#head.next; at !== null; at = at.next) {
      if (at.isReturn) this.#missing++;
    }
  }

  run(): SearchResult<State> {
    let [entry, limit] = [this.#head.next, Infinity];
    while (this.#missing > 0) {
      if (entry?.isReturn) {
        limit = entry.operation.returned;
        this.#blockedAt = Math.max(this.#blockedAt, limit);
        entry = this.#openHead.next;
      } else if (entry !== null && entry.operation.invoked < limit) {
        if (this.#budget.steps <= 0) return { kind: "unknown" };
        const isPlaced = this.#place(this.#begin(entry, limit));
        [entry, limit] = isPlaced ? this.#first() : [entry.next, limit];
      } else {
        const frame = this.#takeBack();
        if (frame === null) {
          return { kind: "none", blockedAt: this.#blockedAt };
        }
        const next = [frame.entry.next, frame.limit] as const;
        [entry, limit] = this.#place(frame) ? this.#first() : next;
      }
    }
    const order = this.#stack.map(({ entry, after }) => ({
      operation: entry.operation,
      state: after,
    }));
    return { kind: "order", order };
  }

  #first(): [entry: Entry | null, limit: number] {
    return [this.#head.next, Infinity];
  }

  #begin(entry: Entry, limit: number): Frame<State> {
    this.#budget.steps--;
    const { operation } = entry;
    const outcomes = this.#model.step(this.#state, operation).filter((it) =>
      entry.ending === null || !("output" in it) ||
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
      if (entry.ending === null && key === this.#keyOf(before)) continue;
      this.#placed.add(entry.index);
      const configuration = `${this.#placed.key()}|${key}`;
      if (this.#seen.has(configuration)) {
        this.#placed.delete(entry.index);
        continue;
      }
      this.#seen.add(configuration);
      this.#state = frame.after = state;
      this.#stack.push(frame);
      unlink(entry);
      if (entry.ending !== null) {
        unlink(entry.ending);
        this.#missing--;
      }
      return true;
    }
    return false;
  }

  #takeBack(): Frame<State> | null {
    const frame = this.#stack.pop();
    if (frame === undefined) return null;
    const { entry, before } = frame;
    if (entry.ending !== null) {
      relink(entry.ending);
      this.#missing++;
    }
    relink(entry);
    this.#placed.delete(entry.index);
    this.#state = before;
    return frame;
  }

  #keyOf(state: State): string {
    return this.#model.stateKey?.(state) ?? stableKey(state);
  }
}

/** Returns the events up to `until` in their order. */
function entriesOf(
  operations: readonly RecordedOperation[],
  until: number,
): Entry[] {
  const sorted: [at: number, entry: Entry][] = [];
  for (const [index, operation] of operations.entries()) {
    const { invoked, returned } = operation;
    if (invoked > until) continue;
    const base = { operation, index, previous: { next: null }, next: null };
    const hasReturned = returned <= until && returned < Infinity;
    const ending = hasReturned
      ? { ...base, isReturn: true, ending: null }
      : null;
    sorted.push([invoked, { ...base, isReturn: false, ending }]);
    if (ending !== null) sorted.push([returned, ending]);
  }
  return sorted.sort(([a], [b]) => a - b).map(([, entry]) => entry);
}

function partition(entries: readonly Entry[]): [open: Entry[], ended: Entry[]] {
  const { open = [], ended = [] } = Object.groupBy(
    entries,
    (it) => it.isReturn || it.ending !== null ? "ended" : "open",
  );
  return [open, ended];
}

/** Links entries in their order, and returns the head of the list. */
function link(entries: readonly Entry[]): Link {
  const head: Link = { next: null };
  let last = head;
  for (const entry of entries) {
    last.next = entry;
    entry.previous = last;
    last = entry;
  }
  return head;
}

function unlink(entry: Entry): void {
  entry.previous.next = entry.next;
  if (entry.next !== null) entry.next.previous = entry.previous;
}

function relink(entry: Entry): void {
  entry.previous.next = entry;
  if (entry.next !== null) entry.next.previous = entry;
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
