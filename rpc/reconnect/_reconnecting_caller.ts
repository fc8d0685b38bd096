import {
  Backoff,
  type BackoffOptions,
  connectionClosed,
  Timers,
} from "../../channel/internal.ts";
import {
  type CloseReason,
  ConnectionClosedError,
  QueueFullError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import {
  type Abortable,
  listenForAbort,
  stopListening,
} from "../../channel/timers/abort_listeners.ts";
import { world } from "../../transports/internal.ts";
import { isInstance } from "../_failure.ts";
import type { CallOptions } from "../call.ts";
import type { Caller } from "../references/_remote_proxy.ts";
import { holdsStream } from "../streams/_holds_stream.ts";
import type { Session } from "../session/_session.ts";

/** The state of a client without a connection. */
interface Unconnected {
  readonly kind: "reconnecting" | "closed";
  /** Why there is no connection. */
  readonly reason: CloseReason;
}

/** The state of a reconnecting client. */
export type LinkState =
  | { readonly kind: "connected"; readonly session: Session }
  | Unconnected;

/** Options for a {@linkcode ReconnectingCaller}. */
export interface ReconnectingCallerOptions {
  /** How long a call may wait for a connection, in milliseconds. */
  readonly queueTimeoutMs: number;
  /** How long a call is retried while the server is busy, in milliseconds. */
  readonly retryBusyForMs: number;
  /** The waits before each retry of a call that a busy server refused. */
  readonly waits: BackoffOptions;
  /** The default timeout of a call, in milliseconds. */
  readonly timeoutMs: number;
  /** The maximum number of waiting calls. */
  readonly maxWaitingCalls: number;
  /** Paths of idempotent methods, whose calls may run twice. */
  readonly idempotent: ReadonlySet<string>;
}

/** A call in progress, with its total timeout. */
interface OngoingCall {
  readonly path: string;
  readonly options: CallOptions;
  readonly timeoutMs: number;
  /** When `timeoutMs` expires, by the world's clock. */
  readonly until: number;
  /** The error of the connection that was lost while the call was pending. */
  loss: ConnectionClosedError | null;
  /** The retries of the call, once the server has refused it as busy. */
  busy: { readonly until: number; readonly backoff: Backoff } | null;
}

/** A call that waits for a state change, or for its timer. */
interface WaitingCall extends Abortable {
  readonly resolve: () => void;
}

/**
 * Makes each call on the current connection, or waits for the next one. A call
 * that may have run is repeated only if its method is idempotent.
 */
export class ReconnectingCaller implements Caller {
  /** The address of the server. */
  readonly remoteAddress: string;
  readonly #options: ReconnectingCallerOptions;
  readonly #timers: Timers;
  /** Waiting calls, in order of arrival. */
  readonly #waiting = new Set<WaitingCall>();
  /**
   * The error of the last failed attempt to connect since the connection was
   * lost.
   */
  lastFailure: unknown = undefined;
  #state: LinkState = {
    kind: "reconnecting",
    reason: {
      by: "local",
      code: "not-connected",
      message: "there was no connection yet",
    },
  };

  /** Calls the server at `address`. Timers belong to `owner`. */
  constructor(
    address: string,
    options: ReconnectingCallerOptions,
    owner: object,
  ) {
    this.remoteAddress = address;
    this.#options = options;
    this.#timers = new Timers(owner);
  }

  /** The number of calls that wait for a connection or a busy server. */
  get waitingCalls(): number {
    return this.#waiting.size;
  }

  get state(): LinkState {
    return this.#state;
  }

  /**
   * Enters a state. Waiting calls continue when it is `connected`, and reject
   * when it is `closed`.
   */
  enter(state: LinkState): void {
    this.#state = state;
    if (state.kind === "reconnecting") return;
    for (const call of this.#waiting) call.resolve();
    this.#waiting.clear();
  }

  async call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { timeoutMs = this.#options.timeoutMs } = options;
    const until = world.now() + timeoutMs;
    const call: OngoingCall = {
      path,
      options,
      timeoutMs,
      until,
      loss: null,
      busy: null,
    };
    let rest = options;
    for (;;) {
      const state = this.#state;
      if (state.kind !== "connected") {
        await this.#waitForChange(call, state);
        rest = optionsLeft(call);
        continue;
      }
      const { session } = state;
      try {
        if (call.loss?.sent && !await this.#mayRunTwice(call, session)) {
          if (this.#state === state) throw call.loss;
          continue;
        }
        return await session.calls.call(path, args, rest);
      } catch (error) {
        if (isInstance(error, ServerBusyError)) {
          // The server refused this attempt, so the method has not run in it.
          const refusal = call.loss?.sent ? call.loss : error;
          if (holdsStream(args)) throw refusal;
          if (!session.closing.isDraining) {
            await this.#waitWhileBusy(call, refusal);
            rest = optionsLeft(call);
          } else if (this.#options.queueTimeoutMs === 0) throw refusal;
          continue;
        }
        if (!session.channel.isOwnEnd(error)) throw error;
        // Once a call may have run, no later error can prove that it has not.
        if (!call.loss?.sent) call.loss = error as ConnectionClosedError;
        // A stream in the arguments ended with the connection, so it cannot be
        // resent.
        const isFinal = this.#options.queueTimeoutMs === 0 || holdsStream(args);
        if (isFinal) throw call.loss;
        await session.channel.closed;
      }
    }
  }

  async #mayRunTwice(call: OngoingCall, session: Session): Promise<boolean> {
    const { path, options: { signal } } = call;
    if (this.#options.idempotent.has(path)) return true;
    try {
      return await session.calls.isIdempotent(path, optionsLeft(call));
    } catch (error) {
      if (session.channel.isOwnEnd(error) || signal?.aborted) throw error;
      // The server did not answer whether the method is idempotent.
      return false;
    }
  }

  /**
   * Waits until the client is connected or closed. Rejects if the client is
   * already closed, or when the call's time is over.
   */
  async #waitForChange(call: OngoingCall, state: Unconnected): Promise<void> {
    const { path, options: { signal }, timeoutMs, until, loss } = call;
    const { queueTimeoutMs, maxWaitingCalls } = this.#options;
    const error = () => noConnection(path, state, loss, this.lastFailure);
    if (state.kind === "closed" || queueTimeoutMs === 0) throw error();
    signal?.throwIfAborted();
    if (this.#waiting.size >= maxWaitingCalls) {
      throw new QueueFullError(
        `Cannot wait for a connection: ${this.#waiting.size} calls do already, await some of them or raise 'limits.requests.maxPending'`,
        { limit: maxWaitingCalls },
      );
    }
    const leftMs = until - world.now();
    const lateError = () =>
      leftMs >= queueTimeoutMs ? error() : new TimeoutError(
        `Cannot call '${path}': no connection within ${timeoutMs} ms`,
        { timeoutMs, sent: loss?.sent ?? false },
      );
    await this.#wait(
      "wait for a connection",
      Math.min(leftMs, queueTimeoutMs),
      signal,
      ({ abort }) => abort(lateError()),
    );
  }

  /**
   * Waits before the retry of a call that the server refused as busy. Rejects
   * with `refusal` if too little time is left or too many calls wait.
   */
  async #waitWhileBusy(call: OngoingCall, refusal: Error): Promise<void> {
    const { retryBusyForMs, waits, maxWaitingCalls } = this.#options;
    const now = world.now();
    const { until, backoff } = call.busy ??= {
      until: now + retryBusyForMs,
      backoff: new Backoff(waits),
    };
    const waitMs = Math.min(backoff.next(), until - now);
    const isInVain = waitMs <= 0 || now + waitMs >= call.until ||
      this.#waiting.size >= maxWaitingCalls;
    if (isInVain) throw refusal;
    const { signal } = call.options;
    signal?.throwIfAborted();
    await this.#wait(
      "wait for a busy server",
      waitMs,
      signal,
      ({ resolve }) => resolve(),
    );
  }

  /** Waits until the state changes, or `onTime` ends the wait. */
  async #wait(
    name: string,
    timeMs: number,
    signal: AbortSignal | undefined,
    onTime: (waiting: WaitingCall) => void,
  ): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiting: WaitingCall = { resolve, abort: reject };
    const options = { keepsAlive: true };
    const timeout = this.#timers
      .start(name, timeMs, () => onTime(waiting), options);
    this.#waiting.add(waiting);
    if (signal !== undefined) listenForAbort(signal, waiting);
    try {
      await promise;
    } finally {
      this.#waiting.delete(waiting);
      timeout.stop();
      if (signal !== undefined) stopListening(signal, waiting);
    }
  }
}

/**
 * Returns the error of a call for which there is no connection. Its cause is
 * the error of the last attempt to connect. If a connection was lost during the
 * call, the error keeps whether the call was sent.
 */
function noConnection(
  path: string,
  { kind, reason }: Unconnected,
  loss: ConnectionClosedError | null,
  lastFailure: unknown,
): Error {
  const error = lastFailure ?? reason.error;
  if (loss !== null) {
    const { message, by, code, sent, cause } = loss;
    const details = { by, code, sent, cause: lastFailure ?? cause };
    return new ConnectionClosedError(message, details);
  }
  const message = kind === "closed"
    ? reason.message
    : `${reason.message}, and there is no other connection yet`;
  return connectionClosed(`call '${path}'`, { ...reason, message, error });
}

/** Returns the options of a call with its remaining time as `timeoutMs`. */
function optionsLeft({ options, until }: OngoingCall): CallOptions {
  if (until === Infinity) return options;
  return { ...options, timeoutMs: Math.max(0, until - world.now()) };
}
