import { world } from "../../transports/internal.ts";
/** How many slots there are at first. */
const LEAST_SLOTS = 8;

/** So many slots are kept, lest bursts have them made again and again. */
const KEPT_SLOTS = 128;

/** Spreads neighbours far apart: 2³² divided by the golden ratio. */
const SPREAD = 0x9e3779b1;

/** Drawn once a process, so that no peer can choose ids that all collide. */
const SALT = parseInt(world.uuid(), 16) | 1;

/**
 * What is under way, by its id: a hash table of open slots. A `Map` lets go of
 * its tables only with the slow collection of garbage, since each points to
 * its successor, and with them of all that was in them: with 1,024 calls under
 * way that took a fifth of the time.
 */
export class IdTable<T extends { readonly id: number }> {
  #slots: (T | null)[] = emptySlots(LEAST_SLOTS);
  /** Leaves as many bits of a hash as there are bits in the number of a slot. */
  #shift = shiftFor(LEAST_SLOTS);
  #size = 0;

  /** How many there are. */
  get size(): number {
    return this.#size;
  }

  /** The one with this id, or `undefined`. */
  get(id: number): T | undefined {
    return this.#slots[this.#find(id)] ?? undefined;
  }

  /** Adds one whose id is not in yet. */
  add(item: T): void {
    if (2 * this.#size >= this.#slots.length) {
      this.#resize(2 * this.#slots.length);
    }
    this.#slots[this.#find(item.id)] = item;
    this.#size++;
  }

  /** Takes out the one with this id, if it is in. */
  delete(id: number): void {
    const at = this.#find(id);
    if (this.#slots[at] === null) return;
    this.#closeGap(at);
    this.#size--;
    const { length } = this.#slots;
    if (length > KEPT_SLOTS && 16 * this.#size < length) {
      this.#resize(length / 4);
    }
  }

  /** All of them, in the order of their ids. */
  values(): T[] {
    return this.#slots.filter((item) => item !== null)
      .sort((a, b) => a.id - b.id);
  }

  /** Takes out all of them. */
  clear(): void {
    this.#resize(LEAST_SLOTS, []);
    this.#size = 0;
  }

  /** The slot that holds `id`, or the free one where it would be. */
  #find(id: number): number {
    const slots = this.#slots;
    const last = slots.length - 1;
    let at = hash(id) >>> this.#shift;
    let item = slots[at]!;
    while (item !== null && item.id !== id) {
      at = (at + 1) & last;
      item = slots[at]!;
    }
    return at;
  }

  /** Frees the slot `gap`, and moves up what was put behind it for want of it. */
  #closeGap(gap: number): void {
    const slots = this.#slots;
    const last = slots.length - 1;
    let at = (gap + 1) & last;
    let item = slots[at]!;
    while (item !== null) {
      const distance = (at - (hash(item.id) >>> this.#shift)) & last;
      if (distance >= ((at - gap) & last)) {
        slots[gap] = item;
        gap = at;
      }
      at = (at + 1) & last;
      item = slots[at]!;
    }
    slots[gap] = null;
  }

  #resize(length: number, items: (T | null)[] = this.#slots): void {
    this.#slots = emptySlots(length);
    this.#shift = shiftFor(length);
    for (const item of items) {
      if (item !== null) this.#slots[this.#find(item.id)] = item;
    }
  }
}

/** 32 bits made of `id`, of which the upper ones are well mixed. */
function hash(id: number): number {
  const upper = id < 2 ** 32 ? 0 : Math.imul(id / 2 ** 32, SALT);
  return Math.imul(id ^ upper ^ SALT, SPREAD);
}

function shiftFor(length: number): number {
  return Math.clz32(length) + 1;
}

function emptySlots<T>(length: number): (T | null)[] {
  return new Array<T | null>(length).fill(null);
}
