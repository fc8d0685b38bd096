import {
  type World,
  world,
  type WorldTimer,
} from "../../transports/internal.ts";
import { Heap, type HeapItem } from "./_heap.ts";

/**
 * The longest first delay. A new connection sets its timeouts one after another
 * within this time, each earlier than the one before. A timer that fires early
 * costs less than setting a timer four times, at 2 to 4 µs each.
 */
const FIRST_DELAY_MS = 1_000;

/** An object that an {@linkcode Alarm} wakes. */
export interface Sleeper extends HeapItem {
  /** The time to wake it, by `world.now()`. */
  readonly wakeAt: number;
  /** Called at its time, after it was removed from the alarm. */
  wake(now: number): void;
}

/**
 * One system timer for any number of sleepers. It is set only while there are
 * sleepers. It may fire before a sleeper is due, and then does nothing.
 */
export class Alarm {
  readonly #heap = new Heap<Sleeper>((a, b) => a.wakeAt < b.wakeAt);
  #timer: WorldTimer | null = null;
  #at = Infinity;
  #isRinging = false;
  /** The number of sleepers that keep the process alive. */
  #refs = 0;

  /** Whether fake timers have begun or ended since the timer was set. */
  get isStale(): boolean {
    return this.#timer?.isStale ?? false;
  }

  /** Adds a sleeper, or moves it to its new time. */
  set(sleeper: Sleeper): void {
    this.#heap.remove(sleeper);
    this.#heap.add(sleeper);
    if (!this.#isRinging) this.#arm(FIRST_DELAY_MS);
  }

  /** Removes a sleeper, if it was added. */
  clear(sleeper: Sleeper): void {
    this.#heap.remove(sleeper);
    if (this.#heap.size === 0) this.#stop();
  }

  /** Counts a sleeper that starts or stops keeping the process alive. */
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
    // `world.now()` may be behind, if it is coarse or not the timer's clock.
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

/** The shared alarm and its world. */
let shared: { readonly world: World; readonly alarm: Alarm } | null = null;

/**
 * Returns the alarm for new sleepers: a shared alarm if the world allows that,
 * or a new one after fake timers have begun or ended.
 */
export function currentAlarm(): Alarm {
  if (!world.sharesTimers) return new Alarm();
  if (shared?.world !== world || shared.alarm.isStale) {
    shared = { world, alarm: new Alarm() };
  }
  return shared.alarm;
}
