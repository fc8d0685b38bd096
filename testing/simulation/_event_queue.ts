/** An event that is scheduled at a virtual time. */
export interface QueuedEvent {
  /** When it is due, in virtual milliseconds. */
  readonly at: number;
  /** Orders events that are due at the same time; the lowest comes first. */
  readonly rank: number;
  /** The number of the event, which breaks remaining ties. */
  readonly number: number;
  /** Whether the event was cancelled. */
  isStopped: boolean;
}

/** Events in the order in which they are due: a binary heap. */
export class EventQueue<T extends QueuedEvent> {
  readonly #heap: T[] = [];

  /** The number of events, including cancelled ones. */
  get size(): number {
    return this.#heap.length;
  }

  /** Adds an event. */
  push(event: T): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  /** Removes and returns the first event that was not cancelled. */
  pop(): T | undefined {
    for (;;) {
      const first = this.#take();
      if (first === undefined || !first.isStopped) return first;
    }
  }

  /** Like `pop`, but only for events that are due at `time` or before. */
  popBefore(time: number): T | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at > time) return undefined;
      this.#take();
      if (!first.isStopped) return first;
    }
  }

  #take(): T | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) {
      return first;
    }
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) {
        child++;
      }
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: QueuedEvent, other: QueuedEvent): boolean {
  if (one.at !== other.at) return one.at < other.at;
  if (one.rank !== other.rank) return one.rank < other.rank;
  return one.number < other.number;
}
