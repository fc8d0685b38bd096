/**
 * Time, turns of the event loop, chance and ids: everything that makes two runs
 * of the same program differ. All layers take these from {@linkcode world}, so
 * that a simulator can replace them in one place.
 */

/** A running timer; made by {@linkcode World.setTimer}. */
export interface WorldTimer {
  /** Stops the timer. Repeatable. */
  stop(): void;
  /** Keeps the process alive while the timer runs, as it does at first. */
  ref(): void;
  /** Lets the process end although the timer runs, where the platform can. */
  unref(): void;
}

/** The sources of time, turns, chance and ids. */
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
  /**
   * Calls `action` in the next turn of the event loop. Actions run in the order
   * in which they were deferred.
   */
  defer(action: () => void): void;
}

/** The longest delay that `setTimeout` can hold, in milliseconds. */
const MAX_DELAY_MS = 2 ** 31 - 1;

class SystemTimer implements WorldTimer {
  readonly #action: () => void;
  #id: ReturnType<typeof setTimeout> | null = null;
  #isRef = true;

  constructor(ms: number, action: () => void) {
    this.#action = action;
    if (ms !== Infinity) this.#arm(ms);
  }

  stop(): void {
    if (this.#id !== null) clearTimeout(this.#id);
    this.#id = null;
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
    this.#id = setTimeout(() => {
      this.#id = null;
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

const defer: (action: () => void) => void =
  typeof globalThis.setImmediate === "function"
    ? (action) => void setImmediate(action)
    : deferByMessage();

const systemWorld: World = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  random: () => Math.random(),
  uuid: () => crypto.randomUUID(),
  setTimer: (ms, action) => new SystemTimer(ms, action),
  nextTurn: () => new Promise((resolve) => defer(resolve)),
  defer,
};

/** The world in use: that of the system unless {@linkcode useWorld} set one. */
export let world: World = systemWorld;

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
