import { ConnectionClosedError, TimeoutError } from "../../channel/errors.ts";
import type { CallOptions } from "../../rpc/call.ts";
import { type Caller, holdsStream } from "../../rpc/internal.ts";
import { ConnectError } from "../../transports/errors.ts";
import { world } from "../../transports/internal.ts";
import { parseAgentAddress } from "../address.ts";
import { isAgentNotFound } from "../messages/_agent_not_found.ts";
import type { Route } from "./_link.ts";

/** How often a call may lose its connection before it fails. */
const MOST_LOSSES = 3;

/**
 * Waits before another attempt, for at most `atMostMs`. Throws `error` once no
 * time is left.
 */
export type WaitForAttempt = (
  error: unknown,
  signal: AbortSignal | undefined,
  atMostMs?: number,
) => Promise<void>;

/** Finds routes to agents. */
export interface RouteFinder {
  /** Whether the container is closing, and makes no more connections. */
  readonly isEnding: boolean;
  /**
   * Returns a function that waits before each further attempt to reach an
   * agent, for up to `retryForMs` in all.
   */
  retries(address: string, retryForMs: number): WaitForAttempt;
  /**
   * Returns the route to the agent at `address`, which may not exist. Connects
   * if needed.
   *
   * @throws {ConnectError} If its container cannot be reached, or connecting is
   * not allowed.
   * @throws {TimeoutError} If that takes longer than `timeoutMs`.
   */
  find(
    address: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Route>;
}

/** When to repeat calls. */
export interface AgentCallerOptions {
  /** The default time limit of calls. */
  readonly timeoutMs: number;
  /**
   * How long a call waits while the agent is away and has not received the
   * call. If 0, only a call that was not sent is repeated, once and
   * immediately.
   */
  readonly retryForMs: number;
  /** Whether to use an open connection without asking the finder again. */
  readonly keepsRoute: boolean;
}

/** A call in progress. */
interface OngoingCall {
  readonly path: string;
  readonly args: readonly unknown[];
  readonly options: CallOptions;
  readonly until: number;
  losses: number;
  /** The first loss after which the call may have run. */
  loss: ConnectionClosedError | null;
}

/**
 * Calls the agent at one address, over any connection that leads there. A call
 * whose connection is lost is repeated if it was not sent. If the call may
 * wait, it is also repeated if its method is idempotent.
 */
export class AgentCaller implements Caller {
  /** The address of the agent. */
  readonly remoteAddress: string;
  readonly #finder: RouteFinder;
  readonly #options: AgentCallerOptions;
  #route: Route | null;

  /** `route` is the present route, if it is known. */
  constructor(
    address: string,
    finder: RouteFinder,
    options: AgentCallerOptions,
    route: Route | null = null,
  ) {
    this.remoteAddress = address;
    this.#finder = finder;
    this.#options = options;
    this.#route = route;
  }

  /** Sets the present route to the agent. */
  take(route: Route): void {
    this.#route = route;
  }

  call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { timeoutMs = this.#options.timeoutMs } = options;
    const until = timeoutMs === Infinity ? Infinity : world.now() + timeoutMs;
    const route = this.#open;
    if (route === null) return this.#callAnew(path, args, options, until);
    return route.caller.call(`${route.path}/${path}`, args, options)
      // Most calls need only this.
      .catch((error) =>
        this.#isLoss(error) || this.#isAway(error)
          ? this.#callAnew(path, args, options, until, error)
          : Promise.reject(error)
      );
  }

  /** The known route if it can be used; `null` to ask the finder. */
  get #open(): Route | null {
    const route = this.#route;
    if (route === null || !this.#options.keepsRoute) return null;
    // During a close, the ended connection is kept: the call then fails with
    // its reason, unsent.
    return !route.isOver || this.#finder.isEnding ? route : null;
  }

  #isLoss(error: unknown): error is ConnectionClosedError {
    return error instanceof ConnectionClosedError && !this.#finder.isEnding;
  }

  /**
   * Returns whether a call has not run because the agent or its container is
   * away.
   */
  #isAway(error: unknown): boolean {
    // Errors thrown by the method itself do not arrive as a `ConnectError`.
    return error instanceof ConnectError ||
      isAgentNotFound(error, parseAgentAddress(this.remoteAddress).id);
  }

  /**
   * Makes a call over a new connection. `failure` is the error of an earlier
   * attempt.
   */
  async #callAnew(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
    until: number,
    failure: unknown = null,
  ): Promise<unknown> {
    const call: OngoingCall = {
      path,
      args,
      options,
      until,
      losses: 0,
      loss: null,
    };
    const { retryForMs } = this.#options;
    const again = this.#finder.retries(this.remoteAddress, retryForMs);
    for (let error = failure;;) {
      if (this.#isLoss(error)) this.#lose(call, error);
      else if (error !== null) {
        if (!this.#isAway(error) || holdsStream(args)) throw error;
        // If the call may have run, report the loss instead.
        const last = call.loss ?? error;
        await again(last, options.signal, until - world.now());
      }
      try {
        return await this.#attempt(call);
      } catch (thrown) {
        error = thrown;
      }
    }
  }

  async #attempt(call: OngoingCall): Promise<unknown> {
    const { path, args, options, until, loss } = call;
    const { signal } = options;
    const rest = () => ({
      ...options,
      timeoutMs: Math.max(0, until - world.now()),
    });
    const route = this.#route = await this.#find(until, signal);
    const full = `${route.path}/${path}`;
    if (loss !== null && !await route.caller.isIdempotent(full, rest())) {
      call.losses = Infinity;
      throw loss;
    }
    return await route.caller.call(full, args, rest());
  }

  async #find(until: number, signal: AbortSignal | undefined): Promise<Route> {
    const address = this.remoteAddress;
    try {
      return await this.#finder.find(address, until - world.now(), signal);
    } catch (error) {
      // A container that is connected but silent counts as unreachable, too.
      const isSilent = error instanceof TimeoutError && world.now() < until;
      if (!isSilent) throw error;
      throw new ConnectError(
        `Cannot connect to '${address}': its container has not answered within ${error.timeoutMs} ms`,
        { address, cause: error },
      );
    }
  }

  /** Throws if a call that has lost its connection must not be repeated. */
  #lose(call: OngoingCall, error: ConnectionClosedError): void {
    // Once a call may have run, no later error can prove that it has not.
    if (error.sent) call.loss ??= error;
    // Only the agent knows whether the method is idempotent, and asking it
    // takes time.
    const isUrgent = error.sent && this.#options.retryForMs === 0;
    const isFinal = isUrgent || ++call.losses > MOST_LOSSES ||
      holdsStream(call.args);
    if (isFinal) throw call.loss ?? error;
  }

  keepResult(): number | null {
    return this.#open?.caller.keepResult?.() ?? null;
  }

  forgetResult(key: number): void {
    this.#open?.caller.forgetResult?.(key);
  }
}
