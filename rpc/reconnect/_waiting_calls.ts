import { type Timeout, Timers } from "../../channel/internal.ts";
import { QueueFullError } from "../../channel/errors.ts";
import {
  type Abortable,
  listenForAbort,
  stopListening,
} from "../../channel/timers/abort_listeners.ts";
import type { Session } from "../session/_session.ts";

/** How long a call waits, and with which error it gives up. */
export interface WaitTerms {
  /** The longest wait, in milliseconds. */
  readonly timeMs: number;
  /** Cancels the wait; it rejects with the signal's reason. */
  readonly signal: AbortSignal | undefined;
  /** Makes the error for a wait that took too long. */
  readonly lateError: () => Error;
  /** Makes the error for a client that was closed. */
  readonly closedError: () => Error;
}

/** Ends one wait, and resolves or rejects it. */
interface WaitingCall extends Abortable {
  readonly resolve: (session: Session) => void;
  readonly close: () => void;
}

/**
 * The calls that wait for a connection, first in, first out. Each wait ends
 * once: by a connection, its time, its signal, or the end of the client.
 */
export class WaitingCalls {
  readonly #limit: number;
  readonly #timers: Timers;
  readonly #calls = new Set<WaitingCall>();

  /** At most `limit` calls may wait. The timer belongs to `owner`. */
  constructor(limit: number, owner: object) {
    this.#limit = limit;
    this.#timers = new Timers(owner);
  }

  /** How many calls wait. */
  get size(): number {
    return this.#calls.size;
  }

  /** Waits for a connection. */
  wait({ timeMs, signal, ...errors }: WaitTerms): Promise<Session> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    const { size } = this.#calls;
    if (size >= this.#limit) {
      return Promise.reject(
        new QueueFullError(
          `Cannot wait for a connection: ${size} calls do already, await some of them or raise 'limits.requests.maxPending'`,
          { limit: this.#limit },
        ),
      );
    }
    const { promise, resolve, reject } = Promise.withResolvers<Session>();
    let timeout: Timeout | null = null;
    const leave = () => {
      this.#calls.delete(call);
      timeout?.stop();
      if (signal !== undefined) stopListening(signal, call);
    };
    const fail = (error: unknown) => {
      leave();
      reject(error);
    };
    const call: WaitingCall = {
      resolve: (session) => {
        leave();
        resolve(session);
      },
      close: () => fail(errors.closedError()),
      abort: fail,
    };
    this.#calls.add(call);
    timeout = this.#timers.start(
      "wait for a connection",
      timeMs,
      () => fail(errors.lateError()),
      { keepsAlive: true },
    );
    if (signal !== undefined) listenForAbort(signal, call);
    return promise;
  }

  /** Continues all calls, in their order. */
  resolveAll(session: Session): void {
    for (const call of [...this.#calls]) call.resolve(session);
  }

  /** Rejects all calls, each with its own error. */
  rejectAll(): void {
    for (const call of [...this.#calls]) call.close();
  }
}
