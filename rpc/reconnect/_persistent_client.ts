import {
  abortable,
  Backoff,
  type BackoffOptions,
  connectionClosed,
  DEFAULT_BACKOFF,
  Totals,
} from "../../channel/internal.ts";
import type { CloseOptions } from "../../channel/channel.ts";
import type { CloseReason } from "../../channel/errors.ts";
import { failureText } from "../../channel/message.ts";
import { resolveOptions } from "../../channel/options.ts";
import { type OnError, runGuarded } from "../../channel/report.ts";
import { asError } from "../_failure.ts";
import { checkService, clientOf } from "../client.ts";
import type { Remote } from "../remote.ts";
import { makeRemote } from "../references/_remote_proxy.ts";
import { openSession } from "../session/_open_session.ts";
import {
  type Session,
  type SessionStarter,
  sessionStarter,
} from "../session/_session.ts";
import { ConnectError } from "../../transports/errors.ts";
import { observed } from "../../transports/internal.ts";
import type {
  ReconnectingClient,
  ReconnectOptions,
  ReconnectState,
  ReconnectStats,
} from "./client.ts";
import { markFailures, OwnCredentialsError } from "./_credentials.ts";
import type { LinkState } from "./_link.ts";
import { ReconnectingCaller } from "./_reconnecting_caller.ts";

const WAIT_MS = 30_000;

/** The client itself: it makes one connection after the other. */
export class PersistentClient<T> implements ReconnectingClient<T> {
  readonly address: string;
  readonly remote: Remote<T>;
  readonly closed: Promise<CloseReason>;

  readonly #options: ReconnectOptions<T>;
  readonly #startSession: SessionStarter;
  readonly #onError: OnError;
  readonly #caller: ReconnectingCaller;
  readonly #backoff: Backoff;
  readonly #longestWaitMs: number;
  readonly #resolveClosed: (reason: CloseReason) => void;
  /** Ends attempts to connect. */
  readonly #ending = new AbortController();
  /** The connection that is open, though `onConnect` may be at work on it. */
  #session: Session | null = null;
  readonly #totals = new Totals();
  #connections = 0;
  #isRef = true;

  /** Checks the options. */
  constructor(address: string, options: ReconnectOptions<T>) {
    const { service = null, queueTimeoutMs: waitMs = WAIT_MS } = options;
    if (service !== null) checkService(service);
    const { limits, timeoutMs, onError } = resolveOptions(options);
    const waits = checkedWaits(options);
    checkTime("queueTimeoutMs", waitMs, waitMs >= 0, "0 or more");
    this.address = address;
    this.#options = options;
    this.#onError = onError;
    this.#startSession = sessionStarter(service, {
      ...options,
      credentials: markFailures(options.credentials),
      isInitiator: true,
    });
    this.#backoff = new Backoff(waits, this);
    this.#longestWaitMs = waits.maxMs;
    this.#caller = new ReconnectingCaller({
      address,
      waitMs,
      timeoutMs,
      maxWaitingCalls: limits.requests.maxPending,
      idempotent: new Set(options.idempotent),
      owner: this,
    });
    this.remote = makeRemote(this.#caller, "") as Remote<T>;
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  get state(): ReconnectState {
    return this.#caller.state.kind;
  }

  get #isClosed(): boolean {
    return this.#caller.state.kind === "closed";
  }

  /** Connects for the first time. */
  async open(): Promise<void> {
    const session = await this.#openFirst();
    try {
      const { signal } = this.#options;
      const reason = await abortable(this.#greet(session), signal);
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
    observed.by?.opened(
      this,
      "client",
      () => `of ${this.address}, ${this.state}`,
    );
    this.#own(session);
    this.#caller.enter(linked(session));
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

  async #openFirst(): Promise<Session> {
    try {
      return await openSession(this.#startSession, this.address, this.#options);
    } catch (error) {
      const own = asError(error);
      throw own instanceof OwnCredentialsError ? own.cause : error;
    }
  }

  /** Replaces each connection that is lost, until the client is closed. */
  async #keepConnected(first: Session): Promise<void> {
    let session: Session | null = first;
    while (session !== null) {
      const since = performance.now();
      const reason: CloseReason = await session.channel.closed;
      if (this.#isClosed) break;
      const lastedMs = performance.now() - since;
      // One that is lost at once is no success: waits go on growing.
      if (lastedMs >= this.#longestWaitMs) this.#backoff.reset();
      this.#enter({ kind: "reconnecting", reason });
      session = await this.#reconnect();
    }
    const { state } = this.#caller;
    observed.by?.closed(this);
    if (state.kind === "closed") this.#resolveClosed(state.reason);
  }

  /** The next connection, or `null` if the client is closed. */
  async #reconnect(): Promise<Session | null> {
    const { signal } = this.#ending;
    for (;;) {
      try {
        await this.#backoff.wait(Infinity, signal);
        const session = await openSession(
          this.#startSession,
          this.address,
          { ...this.#options, retryForMs: 0, signal },
          this,
        );
        this.#own(session);
        if (await this.#welcome(session)) {
          this.#enter(linked(session));
          return session;
        }
      } catch (thrown) {
        if (this.#isClosed) return null;
        // `instanceof` may run code of what a transport of the user's threw.
        const error = asError(thrown);
        if (error instanceof ConnectError) continue;
        if (error instanceof OwnCredentialsError) {
          this.#report(error.cause);
          continue;
        }
        const message = failureText(thrown).trimEnd();
        this.#end({ by: "error", code: "callback", message, error: thrown });
        return null;
      }
      if (this.#isClosed) return null;
    }
  }

  #own(session: Session): void {
    this.#session = session;
    this.#connections++;
    this.#totals.add(session.channel);
    if (!this.#isRef) session.channel.unref();
    observed.by?.owned(session.channel, this);
  }

  /** Whether a new connection may be used; if not, it is closed. */
  async #welcome(session: Session): Promise<boolean> {
    try {
      if (this.#isClosed) throw this.#ending.signal.reason;
      if (await this.#greet(session) === null && !this.#isClosed) return true;
    } catch (error) {
      const isOwnEnd = session.channel.isOwnEnd(asError(error));
      if (!this.#isClosed && !isOwnEnd) this.#report(error);
    }
    await session.channel.close({ graceMs: 0 });
    return false;
  }

  /**
   * Runs `onConnect` to its end, or to that of the connection, whose reason is
   * returned then.
   */
  async #greet(session: Session): Promise<CloseReason | null> {
    const { onConnect } = this.#options;
    if (onConnect === undefined) return null;
    const greeted = Promise.resolve(onConnect(clientOf<T>(session)));
    return await Promise.race([
      greeted.then(() => null),
      session.channel.closed,
    ]);
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

function linked(session: Session): LinkState {
  return { kind: "connected", session };
}

/** The waits between attempts. */
function checkedWaits<T>(options: ReconnectOptions<T>): BackoffOptions {
  const {
    initialMs = DEFAULT_BACKOFF.initialMs,
    maxMs = Math.max(DEFAULT_BACKOFF.maxMs, initialMs),
  } = options.backoff ?? {};
  checkTime("backoff.initialMs", initialMs, initialMs > 0, "more than 0");
  checkTime(
    "backoff.maxMs",
    maxMs,
    maxMs >= initialMs,
    `'backoff.initialMs', ${initialMs}, or more`,
  );
  return { initialMs, maxMs };
}

function checkTime(
  name: string,
  timeMs: number,
  isRight: boolean,
  wanted: string,
): void {
  if (isRight) return;
  throw new RangeError(
    `Cannot set '${name}' to ${timeMs}: it must be ${wanted}`,
  );
}
