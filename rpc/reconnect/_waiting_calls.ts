import {
  type Abortable,
  listenForAbort,
  stopListening,
} from "../../channel/timers/abort_listeners.ts";
import { type Timeout, Timers } from "../../channel/internal.ts";
import { QueueFullError } from "../../channel/errors.ts";
import type { Session } from "../session/_session.ts";

/** How long a call waits, and what becomes of it then. */
export interface WaitTerms {
  /** Until when, by `performance.now()`. */
  readonly deadline: number;
  /** Gives it up; it rejects with the signal's reason. */
  readonly signal: AbortSignal | undefined;
  /** The error if it waited in vain. */
  readonly onLate: () => Error;
  /** The error if no connection will come. */
  readonly onClosed: () => Error;
}

interface WaitingCall extends Abortable {
  readonly terms: WaitTerms;
  readonly resolve: (session: Session) => void;
  readonly reject: (error: unknown) => void;
  timeout: Timeout | null;
}

/**
 * The calls that wait for a connection, first in, first out. Each is settled
 * once: by a connection, its deadline, its signal, or the end of the client.
 */
export class WaitingCalls {
  readonly #limit: number;
  readonly #calls = new Set<WaitingCall>();
  readonly #timers: Timers;

  /** At most `limit` may wait; the timer belongs to `owner`. */
  constructor(limit: number, owner: object) {
    this.#limit = limit;
    this.#timers = new Timers(owner);
  }

  /** How many calls wait. */
  get size(): number {
    return this.#calls.size;
  }

  /** Waits for a connection. */
  wait(terms: WaitTerms): Promise<Session> {
    const { signal, deadline } = terms;
    if (signal?.aborted) return Promise.reject(signal.reason);
    if (this.#calls.size >= this.#limit) {
      return Promise.reject(
        new QueueFullError(
          `Cannot wait for a connection: ${this.#calls.size} calls do already, await some of them or raise 'limits.requests.maxPending'`,
          { limit: this.#limit },
        ),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<Session>();
    const call: WaitingCall = {
      terms,
      resolve,
      reject,
      abort: (reason) => this.#settle(call, () => reject(reason)),
      timeout: null,
    };
    this.#calls.add(call);
    call.timeout = this.#timers.start(
      "wait for a connection",
      deadline - performance.now(),
      () => this.#settle(call, () => reject(terms.onLate())),
      { keepsAlive: true },
    );
    if (signal !== undefined) listenForAbort(signal, call);
    return promise;
  }

  /** Lets all go on, in their order. */
  goOn(session: Session): void {
    for (const call of [...this.#calls]) {
      this.#settle(call, () => call.resolve(session));
    }
  }

  /** Rejects all, each with its own error. */
  rejectAll(): void {
    for (const call of [...this.#calls]) {
      this.#settle(call, () => call.reject(call.terms.onClosed()));
    }
  }

  #settle(call: WaitingCall, settle: () => void): void {
    this.#calls.delete(call);
    call.timeout?.stop();
    const { signal } = call.terms;
    if (signal !== undefined) stopListening(signal, call);
    settle();
  }
}
