/** A subscriber of a topic, as its log sees it. */
export interface LogReader {
  /** The id of its next item. */
  readonly at: number;
  readonly onSlow: "end" | "skip" | "wait";
  /** The `as` of the subscription. */
  readonly as: unknown;
  /** Called when there is a new item, or the topic has ended. */
  wake(): void;
}

/** The last items of a topic, shared by all of its subscribers. */
export class TopicLog<T> {
  /** The items by id, in the order of their ids. */
  readonly items = new Map<number, T>();
  readonly readers = new Set<LogReader>();
  /** The maximum number of kept items. */
  readonly keep: number;
  /** The id of the first kept item, or `nextId` if there is none. */
  firstId: number;
  /** The id of the next item. */
  nextId: number;
  /** Set once there will be no more items. */
  end: { readonly error?: unknown } | null = null;
  /** Functions that add the items waiting for room, first in, first out. */
  readonly waiting: (() => void)[] = [];

  constructor(keep: number, firstId: number) {
    this.keep = keep;
    this.firstId = firstId;
    this.nextId = firstId;
  }

  /**
   * Whether a new item can be added without dropping one that a reader with
   * `onSlow: "wait"` has not read.
   */
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

  /**
   * Called when a reader has advanced or left. Adds waiting items if there is
   * room.
   */
  admit(): void {
    while (this.waiting.length > 0 && this.hasRoom) this.waiting.shift()!();
  }
}
