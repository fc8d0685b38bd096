/** A subscriber of a topic, as its log sees it. */
export interface LogReader {
  /** The id of its next item. */
  readonly at: number;
  readonly onSlow: "end" | "skip" | "wait";
  /** Who reads. */
  readonly as: unknown;
  /** There is a new item, or there will be none. */
  wake(): void;
}

/** The last items of a topic, which all of its subscribers read. */
export class TopicLog<T> {
  /** The items by id, in the order of their ids. */
  readonly items = new Map<number, T>();
  readonly readers = new Set<LogReader>();
  /** How many items are kept. */
  readonly keep: number;
  /** The id of the first item that is kept, or of the next one. */
  firstId: number;
  /** The id of the next item. */
  nextId: number;
  /** Set once there will be no more items. */
  end: { readonly error?: unknown } | null = null;
  /** Adds items that wait for room, first in, first out. */
  readonly waiting: (() => void)[] = [];

  constructor(keep: number, firstId: number) {
    this.keep = keep;
    this.firstId = firstId;
    this.nextId = firstId;
  }

  /** Whether a new item takes none away from a reader that must miss none. */
  get hasRoom(): boolean {
    if (this.items.size < this.keep) return true;
    for (const reader of this.readers) {
      if (reader.onSlow === "wait" && reader.at <= this.firstId) return false;
    }
    return true;
  }

  /** Adds an item and returns its id. */
  add(value: T): number {
    const id = this.nextId++;
    this.items.set(id, value);
    if (this.items.size > this.keep) this.items.delete(this.firstId++);
    for (const reader of this.readers) reader.wake();
    return id;
  }

  /** A reader has moved on or left: adds what waited for that. */
  admit(): void {
    while (this.waiting.length > 0 && this.hasRoom) this.waiting.shift()!();
  }
}
