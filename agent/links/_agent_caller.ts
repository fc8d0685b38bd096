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
 * Waits before another attempt, but no longer than `atMostMs`; throws `error`
 * once there is no time left.
 */
export type WaitForAttempt = (
  error: unknown,
  signal: AbortSignal | undefined,
  atMostMs?: number,
) => Promise<void>;

/** What finds the way to an agent. */
export interface RouteFinder {
  /** Whether the container closes, and makes no connections any more. */
  readonly isEnding: boolean;
  /**
   * Returns what waits before each further attempt to reach an agent, for
   * `retryForMs` in all.
   */
  retries(address: string, retryForMs: number): WaitForAttempt;
  /**
   * Returns how to call the agent at `address`, which may not exist; connects if
   * needed.
   *
   * @throws {ConnectError} If its container cannot be reached, or not be dialled.
   * @throws {TimeoutError} If that takes longer than `timeoutMs`.
   */
  find(
    address: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<Route>;
}

/** When calls are made again. */
export interface AgentCallerOptions {
  /** The time limit of calls that have none. */
  readonly timeoutMs: number;
  /**
   * How long a call waits for an agent that is away and has not got it. Without
   * it, only a call that was not sent is made again, once, and at once.
   */
  readonly retryForMs: number;
  /** Whether an open connection is used without asking the finder again. */
  readonly keepsRoute: boolean;
}

/** A call, and what has become of it. */
interface OngoingCall {
  readonly path: string;
  readonly args: readonly unknown[];
  readonly options: CallOptions;
  readonly until: number;
  losses: number;
  /** The loss after which the call may have run. */
  loss: ConnectionClosedError | null;
}

/**
 * Calls the agent at one address, over whichever connection leads there. A call
 * that has lost its connection is made again if it was not sent, and, where it
 * may wait, if its method is idempotent.
 */
export class AgentCaller implements Caller {
  /** The address of the agent. */
  readonly remoteAddress: string;
  readonly #finder: RouteFinder;
  readonly #options: AgentCallerOptions;
  #route: Route | null;

  /** `route` is one that is known already. */
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

  /** The agent is known to be at the end of `route` now. */
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
      // Most calls need no more than this.
      .catch((error) =>
        this.#isLoss(error) || this.#isAway(error)
          ? this.#callAnew(path, args, options, until, error)
          : Promise.reject(error)
      );
  }

  /** The connection that is there; `null` to ask for one. */
  get #open(): Route | null {
    const route = this.#route;
    if (route === null || !this.#options.keepsRoute) return null;
    // A call on a connection that has ended tells why, and is not sent.
    return !route.isOver || this.#finder.isEnding ? route : null;
  }

  #isLoss(error: unknown): error is ConnectionClosedError {
    return error instanceof ConnectionClosedError && !this.#finder.isEnding;
  }

  /** Whether a call has not run, since the agent or its container is away. */
  #isAway(error: unknown): boolean {
    // What a method fails by is no `ConnectError` here.
    return error instanceof ConnectError ||
      isAgentNotFound(error, parseAgentAddress(this.remoteAddress).id);
  }

  /** Makes a call over a new connection, once it has failed by `failure`. */
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
        // A call that may have run says so.
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
      // A container that is connected and silent is out of reach, too.
      const isSilent = error instanceof TimeoutError && world.now() < until;
      if (!isSilent) throw error;
      throw new ConnectError(
        `Cannot connect to '${address}': its container has not answered within ${error.timeoutMs} ms`,
        { address, cause: error },
      );
    }
  }

  /** Decides whether a call that has lost its connection may be made again. */
  #lose(call: OngoingCall, error: ConnectionClosedError): void {
    // Once a call may have run, no later error can show that it has not.
    if (error.sent) call.loss ??= error;
    // Only the agent knows whether it may run twice, and to ask it takes time.
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
