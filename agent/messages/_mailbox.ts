import { isThenable } from "../../channel/internal.ts";
import { ServerBusyError, TimeoutError } from "../../channel/errors.ts";
import { Deque } from "../../channel/tables/deque.ts";
import type {
  CallListener,
  CallOrigin,
  QueuedCall,
} from "../../rpc/service/call_queue.ts";
import { printable } from "../../transports/printable.ts";
import { world } from "../../transports/internal.ts";
import { actAs } from "./_acting.ts";
import type { Deadlocks, HoldingTurn, WaitingTurn } from "./_deadlocks.ts";

/**
 * The most turns that a call lists. Earlier turns wait for the call, too, but
 * are left out.
 */
const MOST_TURNS = 128;

/** Runs the method of a call. */
export type Step = () => unknown;

/** The agent of a mailbox. */
export interface MailboxOwner {
  readonly id: string;
  readonly address: string;
  /** The most calls that may wait. */
  readonly mostWaiting: number;
  /** Counts a call that begins or stops waiting. */
  countWaiting(change: 1 | -1): void;
  /** Finds agents that wait for each other. */
  readonly deadlocks: Deadlocks;
  /** Counts a call that was refused. */
  countRefused(): void;
}

/**
 * The calls of one agent, which run one at a time, in the order of arrival. A
 * call that comes back to the agent from its own running method runs within
 * that method's turn, again one at a time.
 */
export class Mailbox {
  readonly #owner: MailboxOwner;
  readonly #onIdle: () => void;
  readonly #waiting = new Deque<Turn>();
  #count = 0;
  #turn: Turn | null = null;
  #isStarting = false;

  /** `onIdle` is called when no call runs or waits any more. */
  constructor(owner: MailboxOwner, onIdle: () => void = () => {}) {
    this.#owner = owner;
    this.#onIdle = onIdle;
  }

  /** Whether no call runs or waits. */
  get isIdle(): boolean {
    return this.#turn === null && this.#count === 0;
  }

  /**
   * Runs `step` in its own turn: immediately if no other call runs.
   *
   * @throws {ServerBusyError} If too many calls wait.
   */
  run(call: QueuedCall, step: Step): unknown {
    const running = this.#turn;
    if (running?.isAwaiting(call)) {
      return running.within().run(call, step);
    }
    const turn = new Turn(this, this.#owner, call, step);
    return running === null ? this.#begin(turn) : this.#wait(turn);
  }

  #begin(turn: Turn): unknown {
    this.#turn = turn;
    let result: unknown;
    try {
      result = actAs(turn, turn.step);
    } catch (error) {
      turn.onSettled();
      throw error;
    }
    if (isThenable(result)) turn.call.listener = turn;
    else turn.onSettled();
    return result;
  }

  #wait(turn: Turn): Promise<unknown> {
    const { call } = turn;
    const { mostWaiting, address } = this.#owner;
    if (this.#count >= mostWaiting) {
      this.#owner.countRefused();
      throw new ServerBusyError(
        `Cannot call '${
          printable(call.path)
        }': ${this.#count} calls wait for '${address}' already, send fewer at once or raise its 'mailbox'`,
      );
    }
    const { promise } = turn.result = Promise.withResolvers();
    this.#waiting.push(turn);
    this.#count++;
    this.#owner.countWaiting(1);
    call.listener = turn;
    if (turn.hasCaller) this.#owner.deadlocks.add(turn);
    return promise;
  }

  /**
   * Ends the turn if nothing runs within it any more, and starts the next one.
   */
  end(turn: Turn): void {
    if (this.#turn !== turn || !turn.isOver) return;
    this.#turn = null;
    // The loop below starts the next call; nested ends must not start it, too.
    if (this.#isStarting) return;
    this.#isStarting = true;
    while (this.#turn === null && this.#count > 0) {
      const next = this.#waiting.shift()!;
      if (next.result !== null) this.#start(next);
    }
    this.#isStarting = false;
    if (this.isIdle) this.#onIdle();
  }

  #start(turn: Turn): void {
    const { call, result } = turn;
    const { resolve, reject } = result!;
    this.#leave(turn);
    if (call.remainingMs <= 0) return reject(lateError(call));
    try {
      const answer = this.#begin(turn);
      if (isThenable(answer)) answer.then(resolve, reject);
      else resolve(answer);
    } catch (error) {
      reject(error);
    }
  }

  #leave(turn: Turn): void {
    turn.result = null;
    turn.call.listener = null;
    this.#count--;
    this.#owner.countWaiting(-1);
    if (turn.hasCaller) this.#owner.deadlocks.delete(turn);
  }

  /** The running turn. */
  get holder(): HoldingTurn | null {
    return this.#turn;
  }

  /** Removes a waiting call, which then never runs. */
  drop(turn: Turn, reason: unknown): void {
    const { result } = turn;
    if (result === null) return;
    this.#leave(turn);
    result.reject(reason);
  }

  /** Closes the mailbox: waiting calls never run, running calls go on. */
  close(error: Error): void {
    for (const turn of this.#waiting.clear()) this.drop(turn, error);
    this.#turn?.inner?.close(error);
  }
}

/**
 * The turn of one call: first its place among the waiting calls, then the time
 * in which it runs. One object for both, since there may be very many.
 */
class Turn implements CallOrigin, CallListener, HoldingTurn, WaitingTurn {
  readonly call: QueuedCall;
  readonly step: Step;
  /** The later result for the caller, while the call waits. */
  result: PromiseWithResolvers<unknown> | null = null;
  /** The mailbox for calls that come back within this turn. */
  inner: Mailbox | null = null;
  readonly #mailbox: Mailbox;
  readonly #owner: MailboxOwner;
  #hasSettled = false;
  /** A secret, created when the method makes its first call. */
  key: string | null = null;
  #turns: readonly string[] | null = null;

  constructor(
    mailbox: Mailbox,
    owner: MailboxOwner,
    call: QueuedCall,
    step: Step,
  ) {
    this.#mailbox = mailbox;
    this.#owner = owner;
    this.call = call;
    this.step = step;
  }

  get agent(): string {
    return this.#owner.id;
  }

  get address(): string {
    return this.#owner.address;
  }

  get holder(): HoldingTurn | null {
    return this.#mailbox.holder;
  }

  /** Whether the turn of another agent waits for the call. */
  get hasCaller(): boolean {
    const { origin } = this.call;
    return origin !== null && origin.turns.length > 0;
  }

  fail(error: Error): void {
    this.#mailbox.drop(this, error);
  }

  get turns(): readonly string[] {
    if (this.#turns !== null) return this.#turns;
    const { turns } = this.call.origin ?? { turns: [] };
    this.key = world.uuid();
    return this.#turns = [...turns.slice(1 - MOST_TURNS), this.key];
  }

  /**
   * Returns whether this turn has made the call, directly or through other
   * agents.
   */
  isAwaiting({ origin }: QueuedCall): boolean {
    return this.key !== null && origin !== null &&
      origin.turns.includes(this.key);
  }

  get isOver(): boolean {
    return this.#hasSettled && (this.inner === null || this.inner.isIdle);
  }

  /** Returns the mailbox for calls that come back. */
  within(): Mailbox {
    return this.inner ??= new Mailbox(
      this.#owner,
      () => this.#mailbox.end(this),
    );
  }

  onGivenUp(): void {
    this.#mailbox.drop(this, this.call.signal.reason);
  }

  onSettled(): void {
    this.#hasSettled = true;
    this.#mailbox.end(this);
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
