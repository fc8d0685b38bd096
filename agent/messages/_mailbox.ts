import { isThenable } from "../../channel/internal.ts";
import { ServerBusyError, TimeoutError } from "../../channel/errors.ts";
import { Deque } from "../../channel/tables/deque.ts";
import type { CallOrigin, QueuedCall } from "../../rpc/service/call_queue.ts";
import { printable } from "../../transports/printable.ts";
import { world } from "../../transports/internal.ts";

/** The most turns that a call tells of; it waits for those before them. */
const MOST_TURNS = 128;

/** Runs the method of a call, as the code that `origin` describes. */
export type Step = (origin: CallOrigin) => unknown;

/** The agent of a mailbox. */
export interface MailboxOwner {
  readonly id: string;
  readonly address: string;
  /** The most calls that wait. */
  readonly mostWaiting: number;
  /** Counts calls that wait, or that wait no longer. */
  countWaiting(change: 1 | -1): void;
  /** Counts a call that was refused. */
  countRefused(): void;
}

/** A call that waits for its turn. */
interface Waiting {
  readonly call: QueuedCall;
  readonly step: Step;
  readonly result: PromiseWithResolvers<unknown>;
  isOver: boolean;
}

/**
 * The calls of one agent, which run one at a time, in the order of arrival. A
 * call that comes back to the agent from its own running method runs within
 * that method's turn, again one at a time.
 */
export class Mailbox {
  readonly #owner: MailboxOwner;
  readonly #onIdle: () => void;
  readonly #waiting = new Deque<Waiting>();
  #count = 0;
  #turn: Turn | null = null;
  #isStarting = false;

  /** `onIdle` is called when no call runs or waits any more. */
  constructor(owner: MailboxOwner, onIdle: () => void = () => {}) {
    this.#owner = owner;
    this.#onIdle = onIdle;
  }

  /**
   * Runs `step` in a turn of its own: at once if no other call runs.
   *
   * @throws {ServerBusyError} If too many calls wait.
   */
  run(call: QueuedCall, step: Step): unknown {
    const turn = this.#turn;
    if (turn === null) return this.#begin(call, step);
    return turn.isAwaiting(call)
      ? turn.within(this.#owner, () => this.#end(turn)).run(call, step)
      : this.#wait(call, step);
  }

  #begin(call: QueuedCall, step: Step): unknown {
    const turn = this.#turn = new Turn(this.#owner.id, call);
    let result: unknown;
    try {
      result = step(turn);
    } catch (error) {
      this.#settle(turn);
      throw error;
    }
    if (!isThenable(result)) {
      this.#settle(turn);
      return result;
    }
    const settled = Promise.resolve(result);
    const settle = () => this.#settle(turn);
    settled.then(settle, settle);
    return settled;
  }

  #settle(turn: Turn): void {
    turn.hasSettled = true;
    this.#end(turn);
  }

  /** Ends the turn once nothing runs within it. */
  #end(turn: Turn): void {
    if (this.#turn !== turn || !turn.isOver) return;
    this.#turn = null;
    this.#next();
  }

  #next(): void {
    // A call that ends at once is followed here, and not within its own end.
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#turn === null && this.#count > 0) {
      const next = this.#waiting.shift()!;
      if (!next.isOver) this.#start(next);
    }
    this.#isStarting = false;
    if (this.isIdle) this.#onIdle();
  }

  #start(next: Waiting): void {
    const { call, step, result } = next;
    this.#leave(next);
    if (call.remainingMs <= 0) return result.reject(lateError(call));
    try {
      result.resolve(this.#begin(call, step));
    } catch (error) {
      result.reject(error);
    }
  }

  /** Whether no call runs or waits. */
  get isIdle(): boolean {
    return this.#turn === null && this.#count === 0;
  }

  #wait(call: QueuedCall, step: Step): Promise<unknown> {
    const { mostWaiting, address } = this.#owner;
    if (this.#count >= mostWaiting) {
      this.#owner.countRefused();
      throw new ServerBusyError(
        `Cannot call '${
          printable(call.path)
        }': ${this.#count} calls wait for '${address}' already, send fewer at once or raise its 'mailbox'`,
      );
    }
    const result = Promise.withResolvers<unknown>();
    const waiting: Waiting = { call, step, result, isOver: false };
    this.#waiting.push(waiting);
    this.#count++;
    this.#owner.countWaiting(1);
    call.onGivenUp = () => this.#drop(waiting, call.signal.reason);
    return result.promise;
  }

  #leave(waiting: Waiting): void {
    waiting.isOver = true;
    waiting.call.onGivenUp = null;
    this.#count--;
    this.#owner.countWaiting(-1);
  }

  /** Takes out a call that waits: it never runs. */
  #drop(waiting: Waiting, reason: unknown): void {
    this.#leave(waiting);
    waiting.result.reject(reason);
  }

  /** The agent closes: the calls that wait never run, those that run go on. */
  close(error: Error): void {
    for (const waiting of this.#waiting.clear()) {
      if (!waiting.isOver) this.#drop(waiting, error);
    }
    this.#turn?.inner?.close(error);
  }
}

/** The time in which one call runs, and others wait. */
class Turn implements CallOrigin {
  readonly agent: string;
  hasSettled = false;
  /** The calls that came back within this turn. */
  inner: Mailbox | null = null;
  readonly #call: QueuedCall;
  /** A secret, made when the method calls somebody. */
  #key: string | null = null;
  #turns: readonly string[] | null = null;

  constructor(agent: string, call: QueuedCall) {
    this.agent = agent;
    this.#call = call;
  }

  get turns(): readonly string[] {
    if (this.#turns !== null) return this.#turns;
    const { turns } = this.#call.origin ?? { turns: [] };
    this.#key = world.uuid();
    return this.#turns = [...turns.slice(1 - MOST_TURNS), this.#key];
  }

  /** Whether the turn has made the call, itself or by others. */
  isAwaiting({ origin }: QueuedCall): boolean {
    return this.#key !== null && origin !== null &&
      origin.turns.includes(this.#key);
  }

  get isOver(): boolean {
    return this.hasSettled && (this.inner === null || this.inner.isIdle);
  }

  /** Returns the mailbox of the calls that come back. */
  within(owner: MailboxOwner, onIdle: () => void): Mailbox {
    return this.inner ??= new Mailbox(owner, onIdle);
  }
}

function lateError({ path }: QueuedCall): TimeoutError {
  return new TimeoutError(
    `Cannot call '${
      printable(path)
    }': its time was over before the agent had ended other calls`,
    { timeoutMs: 0, sent: false },
  );
}
