import { connectionClosed } from "../../channel/internal.ts";
import {
  type CloseReason,
  type ConnectionClosedError,
  TimeoutError,
} from "../../channel/errors.ts";
import { world } from "../../transports/internal.ts";
import type { CallOptions } from "../call.ts";
import type { Caller } from "../references/_remote_proxy.ts";
import type { Session } from "../session/_session.ts";
import { holdsStream } from "./_holds_stream.ts";
import { WaitingCalls } from "./_waiting_calls.ts";

/** The state of a reconnecting client. */
export type LinkState =
  | { readonly kind: "connected"; readonly session: Session }
  | {
    readonly kind: "reconnecting" | "closed";
    /** Why there is no connection. */
    readonly reason: CloseReason;
  };

/** Options for a {@linkcode ReconnectingCaller}. */
export interface ReconnectingCallerOptions {
  /** How long a call may wait for a connection, in milliseconds. */
  readonly queueTimeoutMs: number;
  /** The default time for a call, in milliseconds. */
  readonly timeoutMs: number;
  /** How many calls may wait. */
  readonly maxWaitingCalls: number;
  /** Paths of methods whose calls may run twice. */
  readonly idempotent: ReadonlySet<string>;
}

/** A call with the time that it has in all. */
interface OngoingCall {
  readonly path: string;
  readonly options: CallOptions;
  readonly timeoutMs: number;
  /** When that time is over, by the world's clock. */
  readonly until: number;
}

/**
 * Makes each call on the present connection, or waits for the next one. A call
 * that may have run is repeated only if its method is idempotent.
 */
export class ReconnectingCaller implements Caller {
  /** The address of the server. */
  readonly remoteAddress: string;
  readonly #options: ReconnectingCallerOptions;
  readonly #waiting: WaitingCalls;
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
    this.#waiting = new WaitingCalls(options.maxWaitingCalls, owner);
  }

  /** How many calls wait for a connection. */
  get waitingCalls(): number {
    return this.#waiting.size;
  }

  get state(): LinkState {
    return this.#state;
  }

  /** Enters a state, and continues or rejects the waiting calls. */
  enter(state: LinkState): void {
    this.#state = state;
    if (state.kind === "connected") this.#waiting.resolveAll(state.session);
    else if (state.kind === "closed") this.#waiting.rejectAll();
  }

  async call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { timeoutMs = this.#options.timeoutMs } = options;
    const until = world.now() + timeoutMs;
    const call: OngoingCall = { path, options, timeoutMs, until };
    let rest = options;
    let loss: ConnectionClosedError | null = null;
    for (;;) {
      let session: Session;
      if (this.#state.kind === "connected") session = this.#state.session;
      else {
        session = await this.#nextSession(call, loss);
        rest = optionsLeft(call);
      }
      try {
        if (loss?.sent && !await this.#mayRunTwice(call, session)) {
          if (this.#isCurrent(session)) throw loss;
          continue;
        }
        return await session.calls.call(path, args, rest);
      } catch (error) {
        if (!session.channel.isOwnEnd(error)) throw error;
        // Once a call may have run, no later error can show that it has not.
        if (!loss?.sent) loss = error as ConnectionClosedError;
        // A stream that was sent has been ended, whether or not it was read.
        const isFinal = this.#options.queueTimeoutMs === 0 || holdsStream(args);
        if (isFinal) throw loss;
        await session.channel.closed;
      }
    }
  }

  // References belong to one connection, and nothing here is one.
  keep(): void {}
  release(): void {}

  #isCurrent(session: Session): boolean {
    return this.#state.kind === "connected" && this.#state.session === session;
  }

  async #mayRunTwice(call: OngoingCall, session: Session): Promise<boolean> {
    const { path, options: { signal } } = call;
    if (this.#options.idempotent.has(path)) return true;
    try {
      return await session.calls.isIdempotent(path, optionsLeft(call));
    } catch (error) {
      if (session.channel.isOwnEnd(error) || signal?.aborted) throw error;
      // The server did not allow it.
      return false;
    }
  }

  /** Waits for the next connection. Without one, `loss` is thrown if given. */
  async #nextSession(
    { path, options: { signal }, timeoutMs, until }: OngoingCall,
    loss: ConnectionClosedError | null,
  ): Promise<Session> {
    const { queueTimeoutMs } = this.#options;
    const closedError = () => loss ?? this.#noConnection(path);
    if (this.#state.kind === "closed" || queueTimeoutMs === 0) {
      throw closedError();
    }
    const leftMs = until - world.now();
    const timeoutError = () =>
      new TimeoutError(
        `Cannot call '${path}': no connection within ${timeoutMs} ms`,
        { timeoutMs, sent: loss?.sent ?? false },
      );
    return await this.#waiting.wait({
      timeMs: Math.min(leftMs, queueTimeoutMs),
      signal,
      lateError: leftMs < queueTimeoutMs ? timeoutError : closedError,
      closedError,
    });
  }

  #noConnection(path: string): ConnectionClosedError {
    const reason: CloseReason = this.#state.kind === "connected"
      ? { by: "local", code: "not-connected", message: "the connection is new" }
      : this.#state.reason;
    const message = this.#state.kind === "closed"
      ? reason.message
      : `${reason.message}, and there is no other connection yet`;
    return connectionClosed(`call '${path}'`, { ...reason, message });
  }
}

/** Returns the options for the rest of a call. */
function optionsLeft({ options, until }: OngoingCall): CallOptions {
  if (until === Infinity) return options;
  return { ...options, timeoutMs: Math.max(0, until - world.now()) };
}
