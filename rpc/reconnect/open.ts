import {
  abortable,
  Backoff,
  type BackoffOptions,
  checkRange,
  connectionClosed,
  DEFAULT_BACKOFF,
  Totals,
} from "../../channel/internal.ts";
import type { CloseOptions } from "../../channel/channel.ts";
import type { CloseReason } from "../../channel/errors.ts";
import { describeThrown } from "../../channel/message.ts";
import { resolveOptions } from "../../channel/options.ts";
import { type OnError, runGuarded } from "../../channel/report.ts";
import { ConnectError } from "../../transports/errors.ts";
import { observed, world } from "../../transports/internal.ts";
import { asError } from "../_failure.ts";
import { checkService, clientOf } from "../client.ts";
import { makeRemote } from "../references/_remote_proxy.ts";
import type { Remote } from "../remote.ts";
import { openSession } from "../session/_open_session.ts";
import {
  type Session,
  type SessionStarter,
  sessionStarter,
} from "../session/_session.ts";
import type {
  ReconnectingClient,
  ReconnectOptions,
  ReconnectState,
  ReconnectStats,
} from "./client.ts";
import { markFailures, OwnCredentialsError } from "./_credentials.ts";
import { type LinkState, ReconnectingCaller } from "./_reconnecting_caller.ts";

const QUEUE_TIMEOUT_MS = 30_000;

/**
 * Connects to an RPC server over one of `options.transports`, and again
 * whenever the connection is lost. It has no transports of its own; `deno.ts`
 * adds them.
 *
 * @throws {ConnectError} If no server could be reached the first time.
 * @throws {AuthenticationError} If the server refuses the `credentials`.
 * @throws {TypeError} If no transport has the scheme of `address`, or `service`
 * exposes nothing.
 * @throws {RangeError} If an option or a limit is out of range.
 */
export async function openReconnecting<T>(
  address: string,
  options: ReconnectOptions<T>,
): Promise<ReconnectingClient<T>> {
  const client = new PersistentClient<T>(address, options);
  await client.open();
  return client;
}

/** Makes one connection after the other. */
class PersistentClient<T> implements ReconnectingClient<T> {
  readonly address: string;
  readonly remote: Remote<T>;
  readonly closed: Promise<CloseReason>;

  readonly #options: ReconnectOptions<T>;
  readonly #startSession: SessionStarter;
  readonly #onError: OnError;
  readonly #caller: ReconnectingCaller;
  readonly #waits: BackoffOptions;
  readonly #backoff: Backoff;
  readonly #resolveClosed: (reason: CloseReason) => void;
  /** Ends attempts to connect. */
  readonly #ending = new AbortController();
  readonly #totals = new Totals();
  /** The session that is open, although `onConnect` may still run. */
  #session: Session | null = null;
  #connections = 0;
  #isRef = true;

  /** Checks the options. */
  constructor(address: string, options: ReconnectOptions<T>) {
    const { service = null, queueTimeoutMs = QUEUE_TIMEOUT_MS } = options;
    if (service !== null) checkService(service);
    const { limits, timeoutMs, onError } = resolveOptions(options);
    this.#waits = checkedBackoff(options.backoff);
    checkRange("queueTimeoutMs", queueTimeoutMs, 0);
    this.address = address;
    this.#options = options;
    this.#onError = onError;
    this.#startSession = sessionStarter(service, {
      ...options,
      credentials: markFailures(options.credentials),
      isInitiator: true,
    });
    this.#backoff = new Backoff(this.#waits, this);
    const maxWaitingCalls = limits.requests.maxPending;
    const idempotent = new Set(options.idempotent);
    const calling = { queueTimeoutMs, timeoutMs, maxWaitingCalls, idempotent };
    this.#caller = new ReconnectingCaller(address, calling, this);
    this.remote = makeRemote(this.#caller, "") as Remote<T>;
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  get state(): ReconnectState {
    return this.#caller.state.kind;
  }

  get #isClosed(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Connects for the first time. */
  async open(): Promise<void> {
    const session = await openSession(
      this.#startSession,
      this.address,
      this.#options,
    ).catch((error) => {
      const own = asError(error);
      throw own instanceof OwnCredentialsError ? own.cause : error;
    });
    try {
      const { signal } = this.#options;
      const reason = await abortable(this.#runOnConnect(session), signal);
      if (reason !== null) {
        throw connectionClosed(
          `connect to '${this.address}': the connection ended before 'onConnect' was done`,
          reason,
          true,
        );
      }
    } catch (error) {
      await session.channel.close({ graceMs: 0 });
      throw error;
    }
    const describe = () => `of ${this.address}, ${this.state}`;
    observed.by?.opened(this, "client", describe);
    this.#own(session);
    this.#caller.enter({ kind: "connected", session });
    this.#keepConnected(session);
  }

  async close(options?: CloseOptions): Promise<void> {
    if (!this.#isClosed) {
      this.#end({
        by: "local",
        code: "closed",
        message: "this side closed the client",
      });
    }
    await this.#session?.channel.close(options);
    await this.closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  stats(): ReconnectStats {
    const { state, waitingCalls } = this.#caller;
    return {
      connections: this.#connections,
      failedConnections: this.#totals.failed,
      waitingCalls,
      connection: state.kind === "connected" ? state.session.stats() : null,
      total: this.#totals.stats(),
    };
  }

  ref(): void {
    this.#isRef = true;
    this.#backoff.ref();
    this.#session?.channel.ref();
  }

  unref(): void {
    this.#isRef = false;
    this.#backoff.unref();
    this.#session?.channel.unref();
  }

  /** Replaces each connection that is lost, until the client is closed. */
  async #keepConnected(session: Session): Promise<void> {
    while (!this.#isClosed) {
      const since = world.now();
      const reason = await session.channel.closed;
      if (this.#isClosed) break;
      // A connection that is lost at once is no success: waits go on growing.
      if (world.now() - since >= this.#waits.maxMs) this.#backoff.reset();
      this.#enter({ kind: "reconnecting", reason });
      session = await this.#reconnect() ?? session;
    }
    observed.by?.closed(this);
    const { state } = this.#caller;
    if (state.kind === "closed") this.#resolveClosed(state.reason);
  }

  /** Resolves to the next session, or to `null` if the client is closed. */
  async #reconnect(): Promise<Session | null> {
    while (!this.#isClosed) {
      try {
        const session = await this.#tryToConnect();
        if (session === null) continue;
        this.#enter({ kind: "connected", session });
        return session;
      } catch (thrown) {
        if (this.#isClosed) return null;
        // Guarded: a transport of the user may throw anything.
        const error = asError(thrown);
        if (error instanceof ConnectError) continue;
        if (error instanceof OwnCredentialsError) this.#report(error.cause);
        else {
          const message = describeThrown(thrown);
          this.#end({ by: "error", code: "callback", message, error: thrown });
        }
      }
    }
    return null;
  }

  /** Resolves to `null` if the new connection cannot be used. */
  async #tryToConnect(): Promise<Session | null> {
    const { signal } = this.#ending;
    await this.#backoff.wait(Infinity, signal);
    const options = { ...this.#options, retryForMs: 0, signal };
    const start = this.#startSession;
    const session = await openSession(start, this.address, options, this);
    this.#own(session);
    try {
      if (!this.#isClosed) {
        const reason = await this.#runOnConnect(session);
        if (reason === null && !this.#isClosed) return session;
      }
    } catch (error) {
      const isOwnEnd = session.channel.isOwnEnd(asError(error));
      if (!this.#isClosed && !isOwnEnd) this.#report(error);
    }
    await session.channel.close({ graceMs: 0 });
    return null;
  }

  #own(session: Session): void {
    this.#session = session;
    this.#connections++;
    this.#totals.add(session.channel);
    if (!this.#isRef) session.channel.unref();
    observed.by?.owned(session.channel, this);
  }

  /**
   * Runs `onConnect` to its end, or to that of the connection, whose reason is
   * returned then.
   */
  async #runOnConnect(session: Session): Promise<CloseReason | null> {
    const { onConnect } = this.#options;
    if (onConnect === undefined) return null;
    const done = Promise.resolve(onConnect(clientOf<T>(session)));
    return await Promise.race([done.then(() => null), session.channel.closed]);
  }

  #end(reason: CloseReason): void {
    this.#ending.abort();
    this.#enter({ kind: "closed", reason });
  }

  #enter(state: LinkState): void {
    this.#caller.enter(state);
    const reason = state.kind === "connected" ? null : state.reason;
    runGuarded(
      () => this.#options.onStateChange?.(state.kind, reason),
      (error) => this.#report(error),
    );
  }

  #report(error: unknown): void {
    this.#onError(error, { kind: "handler", address: this.address });
  }
}

function checkedBackoff({
  initialMs = DEFAULT_BACKOFF.initialMs,
  maxMs = Math.max(DEFAULT_BACKOFF.maxMs, initialMs),
}: Partial<BackoffOptions> = {}): BackoffOptions {
  checkRange("backoff.initialMs", initialMs, 1);
  checkRange("backoff.maxMs", maxMs, initialMs);
  return { initialMs, maxMs };
}
