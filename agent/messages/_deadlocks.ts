import { DeadlockError } from "../../rpc/errors.ts";
import type { QueuedCall } from "../../rpc/service/call_queue.ts";
import { printable } from "../../transports/printable.ts";
import { actAsNobody } from "./_acting.ts";

/** A running turn. */
export interface HoldingTurn {
  /**
   * The key sent with the calls that the turn has made; `null` if it has made
   * none.
   */
  readonly key: string | null;
}

/** A call that waits for an agent. */
export interface WaitingTurn {
  readonly call: QueuedCall;
  /** The address of the agent. */
  readonly address: string;
  /** The running turn that must end first. */
  readonly holder: HoldingTurn | null;
  /** Ends the wait: the call fails without running. */
  fail(error: Error): void;
}

/**
 * Finds agents of one container that wait for each other. Only calls that have
 * waited for a while are checked: before that, a method may go on without
 * awaiting an answer.
 */
export class Deadlocks {
  readonly #wait: (signal: AbortSignal) => Promise<void>;
  /** The waiting calls, by the keys of all turns that wait for them. */
  readonly #waiting = new Map<string, Set<WaitingTurn>>();
  #unchecked = new Set<WaitingTurn>();
  #due = new Set<WaitingTurn>();
  #ending: AbortController | null = null;

  /**
   * `wait` resolves after the time that calls may wait before they are checked.
   */
  constructor(wait: (signal: AbortSignal) => Promise<void>) {
    this.#wait = wait;
  }

  /**
   * Adds a call that begins to wait. Each cycle has a last such call, so
   * checking each new call finds every cycle.
   */
  add(turn: WaitingTurn): void {
    for (const key of keysOf(turn)) {
      const waiting = this.#waiting.get(key) ?? new Set();
      this.#waiting.set(key, waiting.add(turn));
    }
    this.#unchecked.add(turn);
    this.#arm();
  }

  /** Removes a call that waits no longer. */
  delete(turn: WaitingTurn): void {
    for (const key of keysOf(turn)) {
      const waiting = this.#waiting.get(key);
      waiting?.delete(turn);
      if (waiting?.size === 0) this.#waiting.delete(key);
    }
    this.#unchecked.delete(turn);
    this.#due.delete(turn);
    if (this.#unchecked.size + this.#due.size > 0) return;
    this.#ending?.abort();
    this.#ending = null;
  }

  #arm(): void {
    if (this.#ending !== null || this.#unchecked.size === 0) return;
    const ending = this.#ending = new AbortController();
    this.#due = this.#unchecked;
    this.#unchecked = new Set();
    actAsNobody(() => this.#wait(ending.signal)).then(
      () => this.#check(ending),
      // Nothing waits any more, or the clock is closed.
      () => {},
    );
  }

  #check(ending: AbortController): void {
    if (this.#ending !== ending) return;
    const due = [...this.#due];
    for (const turn of due) {
      const cycle = this.#due.has(turn) ? this.#cycleOf(turn) : null;
      if (cycle !== null) turn.fail(errorOf(turn, cycle));
    }
    this.#due.clear();
    if (this.#ending === ending) this.#ending = null;
    this.#arm();
  }

  /**
   * Returns the addresses of the agents in the cycle of `turn`; `null` if there
   * is no cycle.
   */
  #cycleOf(turn: WaitingTurn): string[] | null {
    const own = new Set(keysOf(turn));
    const seen = new Set([turn]);
    const left: [WaitingTurn, string[]][] = [[turn, []]];
    for (const [it, before] of left) {
      const key = it.holder?.key ?? null;
      if (key === null) continue;
      const agents = [...before, it.address];
      if (own.has(key)) return agents;
      for (const next of this.#waiting.get(key) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        left.push([next, agents]);
      }
    }
    return null;
  }
}

function keysOf({ call }: WaitingTurn): readonly string[] {
  return call.origin?.turns ?? [];
}

function errorOf({ call }: WaitingTurn, agents: string[]): DeadlockError {
  const names = agents.map((it) => `'${printable(it)}'`).join(" and ");
  return new DeadlockError(
    `Cannot call '${
      printable(call.path)
    }': ${names} wait for each other, use 'notify' where no answer is needed, or make one of the methods 'concurrent'`,
  );
}
