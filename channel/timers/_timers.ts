import { observed, world } from "../../transports/internal.ts";
import { type Alarm, currentAlarm, type Sleeper } from "./_alarm.ts";
import { Heap, type HeapItem } from "./_heap.ts";

/** The number of parts of a patient wait. Each part may be repeated. */
const PATIENT_PARTS = 8;

/** If a part of a wait ends later than this, the process was busy. */
export const LATE_MS = 100;

/** An item that falls due once, unless it is removed before. */
export interface Due extends HeapItem {
  /** The name in reports, such as `"heartbeat"`. */
  readonly name: string;
  /** The due time, by `world.now()`; `Infinity` for never. */
  dueAt: number;
  /** Whether it keeps the process alive. */
  readonly keepsAlive: boolean;
  /** Called at its due time, after it was removed. */
  fire(): void;
}

/** Options for {@linkcode Timers.start}. */
export interface TimeoutOptions {
  /**
   * Set this to judge a peer: time in which this process was too busy to hear
   * the peer does not count. The wait is divided into parts, and a part that
   * ends late is repeated. So the process was able to listen just before the
   * action runs.
   *
   * @default {false}
   */
  readonly patient?: boolean;
  /**
   * Keeps the process alive until the wait is over.
   *
   * @default {false}
   */
  readonly keepsAlive?: boolean;
}

/**
 * All timers of one owner, such as a channel. One alarm, shared with other
 * owners, wakes them. They are in the alarm only while an item is due, and are
 * reported as owned by the owner for that time.
 */
export class Timers implements Sleeper {
  /**
   * The time at which the alarm wakes them, never later than the first due
   * item. Waking too early costs less than moving in the alarm.
   */
  wakeAt = Infinity;
  slot = -1;
  readonly #owner: object | undefined;
  /** Created when needed: on most idle connections nothing is due. */
  #heap: Heap<Due> | null = null;
  /** The alarm that wakes them; `null` while nothing is due. */
  #alarm: Alarm | null = null;
  /** Whether the alarm counts them as keeping the process alive. */
  #isCounted = false;
  /**
   * The number of items that keep the process alive unless the owner is
   * unref'd.
   */
  #keptAlive = 0;
  #isRef = true;
  #hasEnded = false;

  /** Creates the timers of `owner`, if there is one. */
  constructor(owner?: object) {
    this.#owner = owner;
  }

  /**
   * Runs `action` once after `timeMs`, unless the returned timeout is stopped
   * before. `Infinity` never ends. After {@linkcode end} nothing runs.
   */
  start(
    name: string,
    timeMs: number,
    action: () => void,
    { patient = false, keepsAlive = false }: TimeoutOptions = {},
  ): Timeout {
    const parts = patient ? PATIENT_PARTS : 1;
    const timeout = new Timeout(this, name, keepsAlive, timeMs, parts, action);
    this.add(timeout);
    return timeout;
  }

  /** Adds an item, unless its time is `Infinity`. */
  add(due: Due): void {
    if (due.dueAt === Infinity || this.#hasEnded) return;
    this.#heap ??= new Heap(isBefore);
    this.#heap.add(due);
    if (due.keepsAlive && this.#keptAlive++ === 0) this.#updateRef();
    this.#arm();
  }

  /** Lets items keep the process alive, which is the default. */
  ref(): void {
    this.#isRef = true;
    this.#updateRef();
  }

  /** Lets the process end despite the items, because the owner is unref'd. */
  unref(): void {
    this.#isRef = false;
    this.#updateRef();
  }

  #updateRef(): void {
    const isWanted = this.#isRef && this.#keptAlive > 0;
    if (this.#alarm === null || isWanted === this.#isCounted) return;
    this.#isCounted = isWanted;
    this.#alarm.countRef(isWanted ? 1 : -1);
  }

  /** Removes an item, if it was added. */
  remove(due: Due): void {
    if (due.slot < 0 || this.#heap === null) return;
    this.#heap.remove(due);
    this.#letGo(due);
    if (this.#heap.size === 0) this.#silence();
  }

  /** Removes everything for good, because the owner has ended. */
  end(): void {
    this.#hasEnded = true;
    this.#heap?.clear();
    this.#silence();
  }

  #letGo(due: Due): void {
    if (due.keepsAlive && --this.#keptAlive === 0) this.#updateRef();
  }

  #arm(): void {
    const at = this.#heap?.first?.dueAt ?? Infinity;
    if (at >= this.wakeAt && !this.#alarm?.isStale) return;
    if (this.#alarm === null) {
      observed.by?.opened(this, "timer", () => this.#names());
      if (this.#owner !== undefined) observed.by?.owned(this, this.#owner);
    }
    if (this.#alarm?.isStale !== false) {
      this.#leave();
      this.#alarm = currentAlarm();
    }
    this.wakeAt = at;
    this.#alarm.set(this);
    this.#updateRef();
  }

  #leave(): void {
    this.#alarm?.clear(this);
    if (this.#isCounted) this.#alarm?.countRef(-1);
    this.#isCounted = false;
    this.wakeAt = Infinity;
  }

  #silence(): void {
    if (this.#alarm === null) return;
    this.#leave();
    this.#alarm = null;
    observed.by?.closed(this);
  }

  /** Runs the due items. Called by the alarm. */
  wake(now: number): void {
    this.#silence();
    try {
      const due = this.#heap?.takeWhile(({ dueAt }) => dueAt <= now) ?? [];
      for (const item of due) {
        this.#letGo(item);
        item.fire();
      }
    } finally {
      this.#arm();
    }
  }

  #names(): string {
    const dues = this.#heap?.values() ?? [];
    return [...new Set(dues.map((due) => due.name))].join(", ");
  }
}

/** A wait that can be stopped. Created by {@linkcode Timers.start}. */
export class Timeout implements Due {
  readonly name: string;
  readonly keepsAlive: boolean;
  dueAt: number;
  slot = -1;

  readonly #timers: Timers;
  readonly #partMs: number;
  readonly #isPatient: boolean;
  readonly #action: () => void;
  #partsLeft: number;

  /** Waits `parts` times for its part of `timeMs`, then runs `action`. */
  constructor(
    timers: Timers,
    name: string,
    keepsAlive: boolean,
    timeMs: number,
    parts: number,
    action: () => void,
  ) {
    this.name = name;
    this.keepsAlive = keepsAlive;
    this.#timers = timers;
    this.#partMs = timeMs / parts;
    this.#isPatient = parts > 1;
    this.#partsLeft = parts;
    this.#action = action;
    // Reading the time costs a little, and many limits are off.
    this.dueAt = timeMs === Infinity ? Infinity : world.now() + this.#partMs;
  }

  /** Stops the wait. Repeatable. */
  stop(): void {
    this.#timers.remove(this);
  }

  /** Ends a part of the wait. Called by {@linkcode Timers}. */
  fire(): void {
    const wasBusy = world.now() - this.dueAt > LATE_MS;
    if (!this.#isPatient || !wasBusy) this.#partsLeft--;
    if (this.#partsLeft === 0) return this.#action();
    this.dueAt = world.now() + this.#partMs;
    this.#timers.add(this);
  }
}

function isBefore(a: Due, b: Due): boolean {
  return a.dueAt < b.dueAt;
}
