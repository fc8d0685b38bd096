import { observed, world } from "../../transports/internal.ts";
import { type Alarm, currentAlarm, type Sleeper } from "./_alarm.ts";
import { Heap, type HeapItem } from "./_heap.ts";

/** The number of parts of a wait for a peer, each of which may be repeated. */
const PATIENT_PARTS = 8;

/** The delay of the end of a part that shows that this process was busy. */
export const LATE_MS = 100;

/** Something that falls due once, unless it is removed before. */
export interface Due extends HeapItem {
  /** The name in reports, such as `"heartbeat"`. */
  readonly name: string;
  /** When, by `world.now()`; `Infinity` for never. */
  dueAt: number;
  /** Whether it keeps the process alive. */
  readonly keepsAlive: boolean;
  /** Runs once its time has come; it is removed by then. */
  fire(): void;
}

/** Options for {@linkcode Timers.start}. */
export interface TimeoutOptions {
  /**
   * Judges a peer: time in which this process was too busy to hear the peer
   * does not count. The wait is divided into parts, and a part that ends late
   * is repeated, so this process has just been able to listen when the action
   * runs.
   *
   * @default {false}
   */
  readonly patient?: boolean;
  /**
   * Keeps the process alive until it is over.
   *
   * @default {false}
   */
  readonly keepsAlive?: boolean;
}

/**
 * All timers of one owner, such as a channel, which are woken by an alarm that
 * they share with those of others. They wait for it only while something is due,
 * and that is reported to belong to the owner.
 */
export class Timers implements Sleeper {
  /**
   * When the alarm wakes them: never later than the first item is due. To be
   * woken too early costs less than to move in the alarm.
   */
  wakeAt = Infinity;
  slot = -1;
  readonly #owner: object | undefined;
  /** Made when needed: nothing is due on most idle connections. */
  #heap: Heap<Due> | null = null;
  /** The alarm that will wake them; `null` while nothing is due. */
  #alarm: Alarm | null = null;
  /** Whether they count among those that keep the process alive. */
  #isCounted = false;
  /** The number of items that keep the process alive, where the owner does. */
  #keptAlive = 0;
  #isRef = true;
  #hasEnded = false;

  /** Makes the timers of `owner`, if there is one. */
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

  /** Lets the process end, whatever the items say: the owner is unref'd. */
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

  /** Removes an item, if it is in. */
  remove(due: Due): void {
    if (due.slot < 0 || this.#heap === null) return;
    this.#heap.remove(due);
    this.#letGo(due);
    if (this.#heap.size === 0) this.#silence();
  }

  /** Removes everything, for good: the owner has ended. */
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

  /** For the alarm. */
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

/** A wait that can be stopped; made by {@linkcode Timers.start}. */
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
    // To read the time is not free, and many limits are off.
    this.dueAt = timeMs === Infinity ? Infinity : world.now() + this.#partMs;
  }

  /** Stops it. Repeatable. */
  stop(): void {
    this.#timers.remove(this);
  }

  /** Ends a part of the wait; for {@linkcode Timers}. */
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
