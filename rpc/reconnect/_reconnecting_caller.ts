import { connectionClosed } from "../../channel/internal.ts";
import {
  type CloseReason,
  type ConnectionClosedError,
  TimeoutError,
} from "../../channel/errors.ts";
import type { CallOptions } from "../call.ts";
import type { Caller } from "../references/_remote_proxy.ts";
import type { Session } from "../session/_session.ts";
import type { LinkState } from "./_link.ts";
import { holdsStream } from "./_holds_stream.ts";
import { WaitingCalls } from "./_waiting_calls.ts";

/** What a {@linkcode ReconnectingCaller} is made with. */
export interface ReconnectingCallerOptions {
  readonly address: string;
  /** How long a call may wait for a connection, in milliseconds. */
  readonly waitMs: number;
  /** The default time for a call, in milliseconds. */
  readonly timeoutMs: number;
  /** How many calls may wait. */
  readonly maxWaitingCalls: number;
  /** Paths of methods whose calls may run twice. */
  readonly idempotent: ReadonlySet<string>;
  /** To whom timers belong. */
  readonly owner: object;
}

interface OngoingCall {
  readonly path: string;
  readonly args: readonly unknown[];
  readonly options: CallOptions;
  /** The time that it is given in all, in milliseconds. */
  readonly timeoutMs: number;
  /** When that is over, by `performance.now()`. */
  readonly until: number;
}

/**
 * Makes each call on the connection that there is, or waits for one. A call
 * that may have run is made again only if its method is idempotent.
 */
export class ReconnectingCaller implements Caller {
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

  constructor(options: ReconnectingCallerOptions) {
    this.#options = options;
    this.#waiting = new WaitingCalls(options.maxWaitingCalls, options.owner);
  }

  /** Address of the server. */
  get remoteAddress(): string {
    return this.#options.address;
  }

  /** How many calls wait for a connection. */
  get waitingCalls(): number {
    return this.#waiting.size;
  }

  /** What the client is at. */
  get state(): LinkState {
    return this.#state;
  }

  /** Takes a change of the state; the calls that wait hear of it. */
  enter(state: LinkState): void {
    this.#state = state;
    if (state.kind === "connected") this.#waiting.goOn(state.session);
    else if (state.kind === "closed") this.#waiting.rejectAll();
  }

  async call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const call = this.#begin(path, args, options);
    let ofCall = options;
    let loss: ConnectionClosedError | null = null;
    for (;;) {
      let session: Session;
      if (this.#state.kind === "connected") session = this.#state.session;
      else {
        session = await this.#nextLink(call, loss);
        ofCall = withTimeLeft(call);
      }
      try {
        if (loss?.sent && !await this.#mayRunTwice(call, session)) {
          if (this.#isCurrent(session)) throw loss;
          continue;
        }
        return await session.calls.call(path, args, ofCall);
      } catch (error) {
        if (!session.channel.isOwnEnd(error)) throw error;
        // Once a call may have run, no later error can tell that it has not.
        if (!loss?.sent) loss = error as ConnectionClosedError;
        if (!this.#maySendAgain(call)) throw loss;
        await session.channel.closed;
      }
    }
  }

  /** References belong to one connection; what this calls is none. */
  keep(): void {}

  /** The same. */
  release(): void {}

  #begin(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): OngoingCall {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs;
    const until = timeoutMs === Infinity
      ? Infinity
      : performance.now() + timeoutMs;
    return { path, args, options, timeoutMs, until };
  }

  #isCurrent(session: Session): boolean {
    return this.#state.kind === "connected" && this.#state.session === session;
  }

  #maySendAgain({ args }: OngoingCall): boolean {
    // A stream that was sent has been ended, whether or not it was read.
    return this.#options.waitMs > 0 && !holdsStream(args);
  }

  async #mayRunTwice(call: OngoingCall, session: Session): Promise<boolean> {
    const { path, options: { signal } } = call;
    if (this.#options.idempotent.has(path)) return true;
    try {
      return await session.calls.isIdempotent(path, withTimeLeft(call));
    } catch (error) {
      if (session.channel.isOwnEnd(error) || signal?.aborted) throw error;
      // Nobody has said that it may.
      return false;
    }
  }

  /** The next connection; rejects with `loss`, if there was one, without it. */
  #nextLink(
    call: OngoingCall,
    loss: ConnectionClosedError | null,
  ): Promise<Session> {
    const { waitMs } = this.#options;
    const { until, timeoutMs, path, options: { signal } } = call;
    const onClosed = () => loss ?? this.#noConnection(path);
    if (this.#state.kind === "closed" || waitMs === 0) {
      return Promise.reject(onClosed());
    }
    const waitUntil = performance.now() + waitMs;
    const onTimeout = () =>
      new TimeoutError(
        `Cannot call '${path}': no connection within ${timeoutMs} ms`,
        { timeoutMs, sent: loss?.sent ?? false },
      );
    return this.#waiting.wait({
      deadline: Math.min(until, waitUntil),
      signal,
      onLate: until < waitUntil ? onTimeout : onClosed,
      onClosed,
    });
  }

  #noConnection(path: string): ConnectionClosedError {
    const { kind } = this.#state;
    const reason: CloseReason = this.#state.kind === "connected"
      ? { by: "local", code: "not-connected", message: "the connection is new" }
      : this.#state.reason;
    const message = kind === "closed"
      ? reason.message
      : `${reason.message}, and there is no other connection yet`;
    return connectionClosed(`call '${path}'`, { ...reason, message });
  }
}

/** The options of a call that has used up some of its time. */
function withTimeLeft({ options, until }: OngoingCall): CallOptions {
  if (until === Infinity) return options;
  return { ...options, timeoutMs: Math.max(0, until - performance.now()) };
}
