import { observed } from "../../transports/internal.ts";
import { Alarm } from "./_alarm.ts";
import { Heap, type HeapItem } from "./_heap.ts";

/** Something that must be settled by a time. */
export interface Expiring extends HeapItem {
  /** When, by `performance.now()`; `Infinity` for never. */
  deadline: number;
}

/** Deadlines with one timer for all, armed only while there is one. */
export class Deadlines<T extends Expiring> {
  readonly #onExpired: (item: T) => void;
  readonly #owner: object;
  readonly #heap = new Heap<T>((a, b) => a.deadline < b.deadline);
  readonly #alarm = new Alarm(() => this.#expire());

  /**
   * Calls `onExpired` for each item whose time has come; it is removed. The
   * timer is reported to belong to `owner`.
   */
  constructor(owner: object, onExpired: (item: T) => void) {
    this.#owner = owner;
    this.#onExpired = onExpired;
  }

  /** Adds `item`, unless its deadline is `Infinity`. */
  add(item: T): void {
    if (item.deadline === Infinity) return;
    this.#heap.add(item);
    this.#arm();
  }

  /** Removes `item` if it is in. */
  remove(item: T): void {
    this.#heap.remove(item);
    if (this.#heap.size === 0) this.#disarm();
  }

  #arm(): void {
    const { first } = this.#heap;
    if (first === undefined) return;
    if (!this.#alarm.isSet) {
      observed.by?.opened(this, "timer", () => "deadlines of calls");
      observed.by?.owned(this, this.#owner);
    }
    this.#alarm.set(first.deadline);
  }

  #disarm(): void {
    if (!this.#alarm.isSet) return;
    this.#alarm.clear();
    observed.by?.closed(this);
  }

  #expire(): void {
    observed.by?.closed(this);
    const now = performance.now();
    for (const item of this.#heap.takeWhile((it) => it.deadline <= now)) {
      this.#onExpired(item);
    }
    this.#arm();
  }
}
