import { world } from "../../transports/internal.ts";
import {
  type Abortable,
  listenForAbort,
  stopListening,
} from "../timers/abort_listeners.ts";
import { type ConnectionClosedError, TimeoutError } from "../errors.ts";
import type { Due, Timers } from "../timers/_timers.ts";
import { IdTable } from "./id_table.ts";
import type { SendOptions } from "../channel.ts";
import type { QueuedFrame } from "./_send_queue.ts";

/**
 * A call that waits for its answer. There may be very many, most of which have
 * neither a deadline nor a signal: each costs 400 bytes in all.
 */
export interface PendingCall extends QueuedFrame {
  readonly id: number;
  readonly resolve: (reply: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** Ends it in time. */
  deadline: CallDeadline | null;
  /** Ends it when it is not wanted any more. */
  abortion: Abortion | null;
  readonly onResult: ResultReceiver | null;
}

/**
 * Is told the result of a call, and what that takes in memory, as it arrives
 * and before its promise resolves. What it throws rejects the call instead; a
 * `ProtocolError` ends the connection.
 */
export type ResultReceiver = (result: unknown, weightBytes: number) => void;

/** Options of calls, for the layers above. */
export interface CallTerms extends SendOptions {
  readonly onResult?: ResultReceiver;
}

/** When a call ends without an answer. */
class CallDeadline implements Due {
  readonly name = "reply";
  readonly keepsAlive = true;
  readonly dueAt: number;
  readonly timeoutMs: number;
  slot = -1;
  readonly #call: PendingCall;
  readonly #onDue: (call: PendingCall, timeoutMs: number) => void;

  constructor(
    call: PendingCall,
    timeoutMs: number,
    onDue: (call: PendingCall, timeoutMs: number) => void,
  ) {
    this.#call = call;
    this.#onDue = onDue;
    this.timeoutMs = timeoutMs;
    this.dueAt = world.now() + timeoutMs;
  }

  fire(): void {
    this.#onDue(this.#call, this.timeoutMs);
  }
}

interface Abortion extends Abortable {
  readonly signal: AbortSignal;
}

/** What the table needs of its channel. */
export interface CallTableOptions {
  /** Takes the call's frame back if it can; tells whether it had left. */
  readonly withdraw: (call: PendingCall) => boolean;
  /** The default time for a call. */
  readonly timeoutMs: number;
  /** The timers of the channel. */
  readonly timers: Timers;
}

/**
 * The calls that wait for an answer. Each is settled once: by its answer, its
 * deadline, its signal, or the end of the connection.
 */
export class CallTable {
  /** Calls that were not answered in time. */
  timedOut = 0;
  /** Calls that were given up. */
  aborted = 0;
  /** Calls that ended with the connection. */
  lost = 0;

  readonly #options: CallTableOptions;
  readonly #calls = new IdTable<PendingCall>();
  readonly #onDue = (call: PendingCall, timeoutMs: number): void =>
    this.#expire(call, timeoutMs);
  #nextId = 0;

  /** Makes an empty table. */
  constructor(options: CallTableOptions) {
    this.#options = options;
  }

  /** How many calls are pending. */
  get size(): number {
    return this.#calls.size;
  }

  /** The id that the next call gets, which is how many there have been. */
  get nextId(): number {
    return this.#nextId;
  }

  /** Takes the id of the call that is being encoded. */
  takeId(): number {
    return this.#nextId++;
  }

  /** The call was not added: another gets its id, if it is still the newest. */
  giveBackId(id: number): void {
    if (this.#nextId === id + 1) this.#nextId = id;
  }

  /** Adds a call; `position` and `payload` say where its frame is. */
  add(
    id: number,
    { signal, timeoutMs = this.#options.timeoutMs, onResult }: CallTerms,
    position: number,
    payload: Uint8Array | null,
  ): { call: PendingCall; reply: Promise<unknown> } {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const call: PendingCall = {
      id,
      resolve,
      reject,
      deadline: null,
      abortion: null,
      onResult: onResult ?? null,
      position,
      payload,
    };
    this.#calls.add(call);
    if (timeoutMs < Infinity) this.#limit(call, timeoutMs);
    if (signal !== undefined) this.#listen(call, signal);
    return { call, reply: promise };
  }

  /** The call with `id`, if that is pending. */
  get(id: number): PendingCall | undefined {
    return this.#calls.get(id);
  }

  /** Takes out the call with `id` to be settled, or `undefined`. */
  take(id: number): PendingCall | undefined {
    const call = this.#calls.get(id);
    if (call !== undefined) this.#remove(call);
    return call;
  }

  /** Rejects every call, each with its own error. */
  rejectAll(
    errorFor: (call: PendingCall) => ConnectionClosedError,
  ): void {
    const calls = this.#calls.values();
    this.lost += calls.length;
    for (const call of calls) this.#remove(call);
    for (const call of calls) call.reject(errorFor(call));
  }

  #limit(call: PendingCall, timeoutMs: number): void {
    call.deadline = new CallDeadline(call, timeoutMs, this.#onDue);
    this.#options.timers.add(call.deadline);
  }

  #listen(call: PendingCall, signal: AbortSignal): void {
    const abort = (reason: unknown) => {
      this.aborted++;
      this.#remove(call);
      this.#options.withdraw(call);
      call.reject(reason);
    };
    call.abortion = { signal, abort };
    listenForAbort(signal, call.abortion);
  }

  #remove(call: PendingCall): void {
    this.#calls.delete(call.id);
    if (call.deadline !== null) this.#options.timers.remove(call.deadline);
    const { abortion } = call;
    if (abortion !== null) stopListening(abortion.signal, abortion);
  }

  #expire(call: PendingCall, timeoutMs: number): void {
    this.timedOut++;
    this.#remove(call);
    const sent = this.#options.withdraw(call);
    call.reject(
      new TimeoutError(
        `Cannot wait for call ${call.id} any longer: no reply within ${timeoutMs} ms`,
        { timeoutMs, sent },
      ),
    );
  }
}
