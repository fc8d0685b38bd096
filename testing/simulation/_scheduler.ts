import { AsyncLocalStorage } from "node:async_hooks";
import process from "node:process";
import type { WorldTimer } from "../../transports/internal.ts";
import { EventQueue, type QueuedEvent } from "./_event_queue.ts";
import type { RunningHash } from "./_hash.ts";
import { currentProcess, type SimulatedProcess } from "./_process.ts";

/** The number of turns at one moment after which time counts as stuck. */
const MOST_TURNS = 200_000;

/** The number of real turns in which work outside virtual time may finish. */
const IDLE_TURNS = 20;

const realImmediate = globalThis.setImmediate;
const realTick = process.nextTick;
const realTimeout = globalThis.setTimeout;
const realNow = performance.now.bind(performance);

/** A timer that never fires. */
const NEVER: WorldTimer = { stop: () => {}, ref: () => {}, unref: () => {} };

interface Event extends QueuedEvent {
  readonly by: SimulatedProcess;
  readonly run: () => void;
}

/** Binds `action` to the current async context, whenever it runs. */
function inContext(action: () => void): () => void {
  const restore = AsyncLocalStorage.snapshot();
  return () => restore(action);
}

/**
 * Waits for a real turn of the event loop, in which rejections are reported.
 */
export function realTurn(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve));
}

/** Waits until all microtasks have run, without waiting for a turn. */
function settled(): Promise<void> {
  return new Promise((resolve) => realTick(resolve));
}

/** The number of events to run in one turn of the event loop. */
const EVENTS_OF_TURN = 32;

/** The length of one wait for real time, in milliseconds. */
const SLICE_MS = 1;

/**
 * Virtual time: runs timers and turns of the event loop one after the other,
 * each with all its microtasks. Time advances only when nothing can run at
 * once, or, with `isReal`, along with real time.
 */
export class Scheduler {
  readonly turns = { begun: 0, pending: 0 };
  readonly #hash: RunningHash;
  readonly #timers = new EventQueue<Event>();
  #turns: Event[] = [];
  #nextTurn = 0;
  #now = 0;
  #number = 0;
  #turnsAtNow = 0;
  /** The real time at which the run began; `null` if time is virtual. */
  readonly #realStart: number | null;

  /** Begins at time 0. */
  constructor(hash: RunningHash, isReal = false) {
    this.#hash = hash;
    this.#realStart = isReal ? realNow() : null;
  }

  /** The virtual time, in milliseconds since the start. */
  get now(): number {
    if (this.#realStart === null) return this.#now;
    return Math.max(this.#now, realNow() - this.#realStart);
  }

  /** Calls `action` once after `ms`, as code of the calling process. */
  setTimer(ms: number, action: () => void): WorldTimer {
    if (ms === Infinity) return NEVER;
    const event = this.#event(this.now + Math.max(0, ms), action);
    this.#timers.push(event);
    return {
      stop: () => void (event.isStopped = true),
      ref: () => {},
      unref: () => {},
    };
  }

  /** Calls `action` in the next turn. */
  defer(action: () => void, isCounted = true): { stop(): void } {
    if (isCounted) {
      this.turns.begun++;
      this.turns.pending++;
    }
    const event = this.#event(this.#now, () => {
      if (isCounted) this.turns.pending--;
      action();
    });
    this.#turns.push(event);
    return { stop: () => void (event.isStopped = true) };
  }

  #event(at: number, action: () => void): Event {
    const by = currentProcess()!;
    const run = by.isNetwork ? () => by.run(action) : inContext(action);
    const { rank } = by;
    return { at, rank, number: this.#number++, by, run, isStopped: false };
  }

  /**
   * Runs events until `isOver` returns `true`. Returns `false` if no event is
   * left before that.
   *
   * @throws {Error} If code requests turn after turn while time stands still,
   * and any error of `check`, which is called after each event.
   */
  async run(isOver: () => boolean, check: () => void): Promise<boolean> {
    await realTurn();
    let events = 0;
    while (!isOver()) {
      const event = this.#realStart === null
        ? this.#next() ?? await this.#late(isOver)
        : await this.#nextInTime(isOver, check);
      if (event === undefined) return isOver();
      if (event.by.isDead) continue;
      this.#advance(event);
      event.by.admit(event.run);
      await (++events % EVENTS_OF_TURN === 0 ? realTurn() : settled());
      check();
    }
    // Rejections of the last events fail the run, too.
    await realTurn();
    return true;
  }

  /**
   * Runs everything that is due now, to empty the queues of the process.
   * Sockets first get some real time.
   */
  async drain(isDone: () => boolean = () => true): Promise<void> {
    await realTurn();
    for (let turns = 0; turns < IDLE_TURNS && !isDone(); turns++) {
      await this.#drainTurns();
      if (this.#realStart === null) return;
      await new Promise((resolve) => realTimeout(resolve, SLICE_MS));
    }
    await this.#drainTurns();
  }

  async #drainTurns(): Promise<void> {
    for (let left = MOST_TURNS; left > 0; left--) {
      const event = this.#nextOfTurn();
      if (event === undefined) return;
      if (event.by.isDead) continue;
      event.run();
      await realTurn();
    }
  }

  #next(): Event | undefined {
    return this.#nextOfTurn() ?? this.#timers.pop();
  }

  #nextOfTurn(): Event | undefined {
    while (this.#nextTurn < this.#turns.length) {
      const event = this.#turns[this.#nextTurn++]!;
      if (!event.isStopped) return event;
    }
    this.#turns = [];
    this.#nextTurn = 0;
    return undefined;
  }

  /** Waits in real time, so that sockets can be read and written. */
  async #nextInTime(
    isOver: () => boolean,
    check: () => void,
  ): Promise<Event | undefined> {
    while (!isOver()) {
      const event = this.#nextOfTurn() ?? this.#timers.popBefore(this.now);
      if (event !== undefined) return event;
      await new Promise((resolve) => realTimeout(resolve, SLICE_MS));
      check();
    }
    return undefined;
  }

  /** Waits for work such as web cryptography, which finishes in real time. */
  async #late(isOver: () => boolean): Promise<Event | undefined> {
    for (let turns = 0; turns < IDLE_TURNS; turns++) {
      await new Promise((resolve) => realTimeout(resolve, 1));
      const event = this.#next();
      if (event !== undefined || isOver()) return event;
    }
    return undefined;
  }

  #advance(event: Event): void {
    if (event.at > this.#now) {
      this.#now = event.at;
      this.#turnsAtNow = 0;
    } else if (++this.#turnsAtNow > MOST_TURNS) {
      throw new Error(
        `Cannot simulate: time stands still at ${this.#now} ms, since '${event.by.name}' asks for turn after turn, let it wait for a time or a message`,
      );
    }
    this.#hash.addNumber(this.#now);
    this.#hash.addNumber(event.by.rank);
  }
}
