import { AsyncLocalStorage } from "node:async_hooks";
import type { WorldTimer } from "../../transports/internal.ts";
import { EventQueue, type QueuedEvent } from "./_event_queue.ts";
import type { RunningHash } from "./_hash.ts";
import { currentProcess, type SimulatedProcess } from "./_process.ts";

/** Turns at one moment after which time is taken to stand still for ever. */
const MOST_TURNS = 200_000;

/** Real turns in which work outside of virtual time may still come to an end. */
const IDLE_TURNS = 20;

const realImmediate = globalThis.setImmediate;
const realTimeout = globalThis.setTimeout;

/** A timer that does not fire. */
const NEVER: WorldTimer = { stop: () => {}, ref: () => {}, unref: () => {} };

interface Event extends QueuedEvent {
  readonly by: SimulatedProcess;
  readonly run: () => void;
}

/** Lets `action` run in the context of its user, whatever runs at that time. */
function inContext(action: () => void): () => void {
  const restore = AsyncLocalStorage.snapshot();
  return () => restore(action);
}

/** Waits until all microtasks have run. */
export function realTurn(): Promise<void> {
  return new Promise((resolve) => realImmediate(resolve));
}

/**
 * Virtual time: timers and turns of the event loop, one after the other, with
 * all their microtasks. Time moves on only when nothing is left to do at once.
 */
export class Scheduler {
  readonly turns = { begun: 0, pending: 0 };
  readonly #root: SimulatedProcess;
  readonly #hash: RunningHash;
  readonly #timers = new EventQueue<Event>();
  #turns: Event[] = [];
  #nextTurn = 0;
  #now = 0;
  #number = 0;
  #turnsAtNow = 0;

  /** Begins at 0; `root` is the process of all code outside of nodes. */
  constructor(root: SimulatedProcess, hash: RunningHash) {
    this.#root = root;
    this.#hash = hash;
  }

  /** The virtual time, in milliseconds since the start. */
  get now(): number {
    return this.#now;
  }

  /** Calls `action` once after `ms`, as code of the process that asks for it. */
  setTimer(ms: number, action: () => void): WorldTimer {
    if (ms === Infinity) return NEVER;
    const event = this.#event(this.#now + Math.max(0, ms), action);
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
    const by = currentProcess() ?? this.#root;
    const run = by.isNetwork ? () => by.run(action) : inContext(action);
    const { rank } = by;
    return { at, rank, number: this.#number++, by, run, isStopped: false };
  }

  /**
   * Runs events until `isOver`. Returns `false` if nothing can happen any more.
   *
   * @throws {Error} If code goes from turn to turn for ever at one moment, and
   * whatever `check`, which is called after each event, throws.
   */
  async run(isOver: () => boolean, check: () => void): Promise<boolean> {
    await realTurn();
    while (!isOver()) {
      const event = this.#next() ?? await this.#late(isOver);
      if (event === undefined) return isOver();
      if (event.by.isDead) continue;
      this.#advance(event);
      event.by.admit(event.run);
      await realTurn();
      check();
    }
    return true;
  }

  /** Runs what is due now, for the queues of the process to be empty. */
  async drain(): Promise<void> {
    await realTurn();
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

  /** Web cryptography and the like end by themselves in real time. */
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
