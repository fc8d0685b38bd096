import { MAX_TIMEOUT_MS } from "./_max_timeout.ts";
import { lifetime } from "../transports/lifetime.ts";

/** Something that must be settled by a time. */
export interface Expiring {
  /** When, by `performance.now()`; `Infinity` for never. */
  deadline: number;
  /** Where it stands in the heap; kept by {@linkcode Deadlines}, -1 if not. */
  slot: number;
}

/**
 * A binary heap of deadlines with one timer for all, armed only while there
 * is one: a timer a call would cost 2 to 4 µs each.
 */
export class Deadlines<T extends Expiring> {
  readonly #onExpired: (item: T) => void;
  readonly #owner: object;
  readonly #heap: T[] = [];
  #timer: { id: ReturnType<typeof setTimeout>; at: number } | null = null;

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
    this.#rise(item, this.#heap.length);
    this.#arm();
  }

  /** Removes `item` if it is in. */
  remove(item: T): void {
    if (item.slot < 0) return;
    this.#removeAt(item.slot);
    if (this.#heap.length === 0) this.#disarm();
  }

  #removeAt(slot: number): void {
    const removed = this.#heap[slot]!;
    const last = this.#heap.pop()!;
    removed.slot = -1;
    if (last === removed) return;
    this.#rise(last, slot);
    this.#sink(last, last.slot);
  }

  #rise(item: T, slot: number): void {
    while (slot > 0) {
      const above = (slot - 1) >> 1;
      if (this.#heap[above]!.deadline <= item.deadline) break;
      this.#put(this.#heap[above]!, slot);
      slot = above;
    }
    this.#put(item, slot);
  }

  #sink(item: T, slot: number): void {
    for (;;) {
      let below = 2 * slot + 1;
      if (below >= this.#heap.length) break;
      const right = this.#heap[below + 1];
      if (right && right.deadline < this.#heap[below]!.deadline) below++;
      if (this.#heap[below]!.deadline >= item.deadline) break;
      this.#put(this.#heap[below]!, slot);
      slot = below;
    }
    this.#put(item, slot);
  }

  #put(item: T, slot: number): void {
    this.#heap[slot] = item;
    item.slot = slot;
  }

  /** A timer that fires too early is left: firing arms it anew. */
  #arm(): void {
    const first = this.#heap[0];
    if (first === undefined) return;
    if (this.#timer !== null) {
      if (this.#timer.at <= first.deadline) return;
      this.#disarm();
    }
    const waitMs = Math.ceil(first.deadline - performance.now());
    const id = setTimeout(
      () => this.#fire(),
      Math.min(Math.max(waitMs, 0), MAX_TIMEOUT_MS),
    );
    this.#timer = { id, at: first.deadline };
    lifetime.observer?.opened(this, "timer", () => "deadlines of calls");
    lifetime.observer?.owned(this, this.#owner);
  }

  #disarm(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer.id);
    this.#timer = null;
    lifetime.observer?.closed(this);
  }

  #fire(): void {
    this.#disarm();
    const now = performance.now();
    while (this.#heap.length > 0 && this.#heap[0]!.deadline <= now) {
      const item = this.#heap[0]!;
      this.#removeAt(0);
      this.#onExpired(item);
    }
    this.#arm();
  }
}
