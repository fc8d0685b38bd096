/**
 * Time, turns of the event loop, random numbers and ids: everything that makes
 * two runs of the same program differ. All layers take these from
 * {@linkcode world}, so that a simulator can replace them in one place.
 */

import type { Transport } from "./transport.ts";

/** A running timer. Created by {@linkcode World.setTimer}. */
export interface WorldTimer {
  /** Stops the timer. Repeatable. */
  stop(): void;
  /** Keeps the process alive while the timer runs, which is the default. */
  ref(): void;
  /** Lets the process end while the timer runs, if the platform can. */
  unref(): void;
  /** Whether fake timers have begun or ended since. It may then never fire. */
  readonly isStale?: boolean;
}

/** Counts of the turns of the event loop that code has asked for. */
export interface TurnCounts {
  /** The number since the start. Stays the same while nothing happens. */
  readonly begun: number;
  /** The number of turns that have not come yet. */
  readonly pending: number;
}

/** The sources of time, turns, random numbers and ids. */
export interface World {
  /** Returns the monotonic time, in milliseconds since an arbitrary point. */
  now(): number;
  /** Returns the wall-clock time, in milliseconds since the Unix epoch. */
  wallNow(): number;
  /** Returns a random number from 0 up to, but not including, 1. */
  random(): number;
  /** Returns a new random UUID. */
  uuid(): string;
  /**
   * Calls `action` once after `ms`, which may have any length. With `Infinity`
   * the timer never fires and does not keep the process alive.
   */
  setTimer(ms: number, action: () => void): WorldTimer;
  /** Resolves in the next turn of the event loop. */
  nextTurn(): Promise<void>;
  /** Counts of the turns requested by `nextTurn` and `defer`. */
  readonly turns: TurnCounts;
  /**
   * Like `nextTurn`, but not counted in `turns`: for code that waits until all
   * other code has had its turns.
   */
  uncountedTurn(): Promise<void>;
  /**
   * Calls `action` in the next turn of the event loop. Actions run in the order
   * in which they were deferred.
   */
  defer(action: () => void): void;
  /**
   * Whether all waits in this world may share one timer. Waits that are due at
   * the same time then run in one order, of which a simulator tries several.
   */
  readonly sharesTimers?: boolean;
  /** Writes a line into the trace of a simulation. */
  readonly note?: (text: string) => void;
  /** Carries the bytes of `local://` addresses instead of plain queues. */
  readonly memory?: Transport;
}

/** The longest delay that `setTimeout` can hold, in milliseconds. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** The functions that set timers. */
type TimerFunctions = Pick<typeof globalThis, "setTimeout" | "clearTimeout">;

/**
 * Returns a function that reads a global as it is now, even if it is replaced
 * later. Deno loads its timers when one of them is first read, which takes a
 * third of the time of an empty program. Programs without timers save that
 * time.
 */
function original<K extends keyof typeof globalThis>(
  name: K,
): () => (typeof globalThis)[K] {
  const load = Object.getOwnPropertyDescriptor(globalThis, name)?.get;
  if (load !== undefined) return () => load.call(globalThis);
  const value = globalThis[name];
  return () => value;
}

const realSetTimeout = original("setTimeout");
const realClearTimeout = original("clearTimeout");
const realSetImmediate = original("setImmediate");

/** The functions of the system, as they were when this module was loaded. */
const real = {
  Date,
  now: performance.now,
  get setTimeout() {
    return realSetTimeout();
  },
  get clearTimeout() {
    return realClearTimeout();
  },
};

/**
 * The monotonic time, which follows the fake time of tests. If a test replaces
 * `performance.now`, that is read. If it replaces only `setTimeout` and `Date`,
 * `Date` is read. If it replaces only `setTimeout`, each timer that fires
 * advances the time.
 */
class SystemClock {
  #source = real.now;
  #ahead = 0;
  #last = 0;

  now(): number {
    const source = currentSource();
    if (source !== this.#source) {
      // Another clock continues from here, whatever its own time is. Adds whole
      // milliseconds: a fraction would make delays one longer.
      this.#source = source;
      this.#ahead = Math.ceil(this.#last - source.call(performance));
    }
    const time = source.call(performance) + this.#ahead;
    // The fake date of the next test may start at any time.
    if (time < this.#last) this.#ahead += Math.ceil(this.#last - time);
    else this.#last = time;
    return this.#last;
  }

  /** Advances the time to `time`, if it is not yet there. */
  advanceTo(time: number): void {
    this.#ahead += Math.max(0, time - this.now());
  }
}

function currentSource(): () => number {
  if (performance.now !== real.now) return performance.now;
  const isFake = globalThis.Date !== real.Date &&
    globalThis.setTimeout !== real.setTimeout;
  return isFake ? Date.now : real.now;
}

const clock = new SystemClock();

class SystemTimer implements WorldTimer {
  readonly #action: () => void;
  /** The functions that set the timer: fake functions have their own timers. */
  readonly #by: TimerFunctions;
  #id: ReturnType<typeof setTimeout> | null = null;
  #isRef = true;

  constructor(ms: number, action: () => void, by: TimerFunctions) {
    this.#action = action;
    this.#by = { setTimeout: by.setTimeout, clearTimeout: by.clearTimeout };
    if (ms !== Infinity) this.#arm(ms);
  }

  stop(): void {
    const { clearTimeout } = this.#by;
    if (this.#id !== null) clearTimeout(this.#id);
    this.#id = null;
  }

  get isStale(): boolean {
    return this.#by.setTimeout !== globalThis.setTimeout;
  }

  ref(): void {
    this.#isRef = true;
    this.#id?.ref?.();
  }

  unref(): void {
    this.#isRef = false;
    // In a browser, and with a fake clock, a timer is a number.
    this.#id?.unref?.();
  }

  #arm(leftMs: number): void {
    const delayMs = Math.min(leftMs, MAX_DELAY_MS);
    const { setTimeout } = this.#by;
    const isFake = setTimeout !== real.setTimeout;
    const dueAt = isFake ? clock.now() + delayMs : -Infinity;
    this.#id = setTimeout(() => {
      this.#id = null;
      if (isFake) clock.advanceTo(dueAt);
      if (leftMs > delayMs) this.#arm(leftMs - delayMs);
      else this.#action();
    }, delayMs);
    if (!this.#isRef) this.unref();
  }
}

/** Browsers have no `setImmediate`, but deliver messages turn by turn. */
function deferByMessage(): (action: () => void) => void {
  const { port1, port2 } = new MessageChannel();
  const actions: (() => void)[] = [];
  port1.onmessage = () => actions.shift()?.();
  return (action) => {
    actions.push(action);
    port2.postMessage(null);
  };
}

/** The real function: a fake one runs nothing until a test asks for it. */
export const queueMicrotask = globalThis.queueMicrotask;

/** The turns of the event loop are real for the same reason. */
function deferBySystem(): (action: () => void) => void {
  const setImmediate = realSetImmediate();
  return typeof setImmediate === "function"
    ? (action) => void setImmediate(action)
    : deferByMessage();
}

let deferUncounted = (action: () => void): void => {
  deferUncounted = deferBySystem();
  deferUncounted(action);
};

const turns = { begun: 0, pending: 0 };

function defer(action: () => void): void {
  turns.begun++;
  turns.pending++;
  deferUncounted(() => {
    turns.pending--;
    action();
  });
}

const systemWorld: World = {
  now: () => clock.now(),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  uuid: () => crypto.randomUUID(),
  setTimer: (ms, action) => new SystemTimer(ms, action, globalThis),
  nextTurn: () => new Promise((resolve) => defer(resolve)),
  turns,
  uncountedTurn: () => new Promise((resolve) => deferUncounted(resolve)),
  defer,
  sharesTimers: true,
};

/** The world in use: the system's, unless {@linkcode useWorld} set another. */
export let world: World = systemWorld;

/**
 * Like {@linkcode World.setTimer}, but in real time even if a test fakes timers.
 * In the world of a simulation, time is virtual here, too.
 */
export function setRealTimer(ms: number, action: () => void): WorldTimer {
  return world === systemWorld
    ? new SystemTimer(ms, action, real)
    : world.setTimer(ms, action);
}

/**
 * Replaces {@linkcode world} for the whole process.
 *
 * @returns A function that restores the world that was in use before.
 */
export function useWorld(replacement: World): () => void {
  const before = world;
  world = replacement;
  return () => {
    world = before;
  };
}
