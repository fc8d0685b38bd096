import {
  type World,
  world,
  type WorldTimer,
} from "../../transports/internal.ts";
import { Heap, type HeapItem } from "./_heap.ts";

/**
 * The longest first delay. The timeouts of a new connection follow each other
 * within it, each earlier than the one before: a timer that rings early costs
 * less than one that is set four times, at 2 to 4 µs.
 */
const FIRST_DELAY_MS = 1_000;

/** Something that an {@linkcode Alarm} wakes. */
export interface Sleeper extends HeapItem {
  /** When, by `world.now()`. */
  readonly wakeAt: number;
  /** Runs once its time has come; it is removed by then. */
  wake(now: number): void;
}

/**
 * One timer of the system for any number of sleepers. It is set only while there
 * are some. Where it is not due yet, it may fire and find nothing to do.
 */
export class Alarm {
  readonly #heap = new Heap<Sleeper>((a, b) => a.wakeAt < b.wakeAt);
  #timer: WorldTimer | null = null;
  #at = Infinity;
  #isRinging = false;
  /** The number of sleepers that keep the process alive. */
  #refs = 0;

  /** Whether fake timers have begun or ended since it was set. */
  get isStale(): boolean {
    return this.#timer?.isStale ?? false;
  }

  /** Adds a sleeper, or moves it to its new time. */
  set(sleeper: Sleeper): void {
    this.#heap.remove(sleeper);
    this.#heap.add(sleeper);
    if (!this.#isRinging) this.#arm(FIRST_DELAY_MS);
  }

  /** Removes a sleeper, if it is in. */
  clear(sleeper: Sleeper): void {
    this.#heap.remove(sleeper);
    if (this.#heap.size === 0) this.#stop();
  }

  /** Counts a sleeper that keeps the process alive, or does so no longer. */
  countRef(change: 1 | -1): void {
    this.#refs += change;
    if (this.#refs === 0) this.#timer?.unref();
    else if (this.#refs === change) this.#timer?.ref();
  }

  #arm(mostMs: number): void {
    const { first } = this.#heap;
    if (first === undefined || first.wakeAt >= this.#at) return;
    this.#stop();
    const now = world.now();
    const delayMs = Math.max(0, Math.ceil(first.wakeAt - now));
    const isEarly = delayMs > mostMs;
    this.#at = isEarly ? now + mostMs : first.wakeAt;
    this.#timer = world.setTimer(
      isEarly ? mostMs : delayMs,
      () => this.#ring(),
    );
    if (this.#refs === 0) this.#timer.unref();
  }

  #stop(): void {
    this.#timer?.stop();
    this.#timer = null;
    this.#at = Infinity;
  }

  #ring(): void {
    // A clock that is coarse, or not the one of the timer, may be behind.
    const now = Math.max(this.#at, world.now());
    this.#timer = null;
    this.#at = Infinity;
    this.#isRinging = true;
    try {
      for (const it of this.#heap.takeWhile(({ wakeAt }) => wakeAt <= now)) {
        it.wake(now);
      }
    } finally {
      this.#isRinging = false;
      this.#arm(Infinity);
    }
  }
}

/** The alarm that is shared, and its world. */
let shared: { readonly world: World; readonly alarm: Alarm } | null = null;

/**
 * Returns the alarm for what is to be woken from now on: one for all where the
 * world allows it, and another one once fake timers have begun or ended.
 */
export function currentAlarm(): Alarm {
  if (!world.sharesTimers) return new Alarm();
  if (shared?.world !== world || shared.alarm.isStale) {
    shared = { world, alarm: new Alarm() };
  }
  return shared.alarm;
}
