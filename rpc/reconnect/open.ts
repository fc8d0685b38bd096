// Longer than most files: all code here shares the state of one client, from
// its first attempt to connect to its end.
import {
  abortable,
  Backoff,
  type BackoffOptions,
  checkRange,
  DEFAULT_BACKOFF,
  isMismatchCode,
  mismatchIn,
  Totals,
} from "../../channel/internal.ts";
import type { CloseOptions } from "../../channel/channel.ts";
import type { CloseReason } from "../../channel/errors.ts";
import { describeThrown } from "../../channel/message.ts";
import { retrying } from "../../channel/open.ts";
import { resolveOptions } from "../../channel/options.ts";
import { type OnError, runGuarded } from "../../channel/report.ts";
import { AuthenticationError } from "../errors.ts";
import { observed, world } from "../../transports/internal.ts";
import { isInstance } from "../_failure.ts";
import type { RpcClient } from "../rpc_client.ts";
import { makeRemote } from "../references/_remote_proxy.ts";
import type { Remote } from "../remote.ts";
import {
  checkAlive,
  connectSession,
  CredentialsError,
} from "../session/_open_session.ts";
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
import { isOffline, isVisible, watchPage } from "./_page.ts";
import { type LinkState, ReconnectingCaller } from "./_reconnecting_caller.ts";

const QUEUE_TIMEOUT_MS = 30_000;

/**
 * Connects to an RPC server over one of `options.transports`, and reconnects
 * whenever the connection is lost. There are no default transports; `deno.ts`
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

/** Wraps an error thrown by the user's `onConnect`. */
class CallbackError extends Error {
  readonly thrown: unknown;

  constructor(thrown: unknown) {
    super("A callback failed");
    this.thrown = thrown;
  }
}

/**
 * Returns whether an error wraps one that a function of the user has thrown.
 */
function isCallback(error: unknown): error is CallbackError | CredentialsError {
  return isInstance(error, CallbackError) ||
    isInstance(error, CredentialsError);
}

/** Runs a function of the user, and wraps its error. */
async function runCallback<R>(run: () => R): Promise<Awaited<R>> {
  try {
    return await run();
  } catch (thrown) {
    throw new CallbackError(thrown);
  }
}

/** Opens one connection after another. */
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
  /** Ends the wait before an attempt. */
  #waking = new AbortController();
  #shownState: ReconnectState = "reconnecting";
  readonly #totals = new Totals();
  /** All open sessions, including those that the server is closing. */
  readonly #open = new Set<Session>();
  #connections = 0;
  #failedAttempts = 0;
  /** The text of the failure that was reported last. */
  #told = "";
  #isRef = true;
  /** Whether the server has answered the hello of any connection. */
  #hasGreeted = false;

  /** Checks the options. */
  constructor(address: string, options: ReconnectOptions<T>) {
    const { service = null } = options;
    const { queueTimeoutMs = QUEUE_TIMEOUT_MS, retryBusyForMs = 0 } = options;
    const { limits, timeoutMs, onError } = resolveOptions(options);
    this.#waits = checkedBackoff(options.backoff);
    checkRange("queueTimeoutMs", queueTimeoutMs, 0);
    checkRange("retryBusyForMs", retryBusyForMs, 0);
    this.address = address;
    this.#options = options;
    this.#onError = onError;
    this.#startSession = sessionStarter(service, {
      ...options,
      isInitiator: true,
    });
    this.#backoff = new Backoff(this.#waits, this);
    const maxWaitingCalls = limits.requests.maxPending;
    const idempotent = new Set(options.idempotent);
    const calling = {
      queueTimeoutMs,
      retryBusyForMs,
      waits: this.#waits,
      timeoutMs,
      maxWaitingCalls,
      idempotent,
    };
    this.#caller = new ReconnectingCaller(address, calling, this);
    this.remote = makeRemote(this.#caller, "") as Remote<T>;
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  get state(): ReconnectState {
    const { kind } = this.#caller.state;
    return kind === "reconnecting" && isOffline() ? "offline" : kind;
  }

  get #isClosed(): boolean {
    return this.#ending.signal.aborted;
  }

  /** Connects for the first time. */
  async open(): Promise<void> {
    const describe = () => `of ${this.address}, ${this.state}`;
    observed.by?.opened(this, "client", describe);
    try {
      const { signal } = this.#options;
      const session = await retrying(
        () => this.#connect(signal),
        this.#options,
        (error) => this.#fail(error),
      );
      this.#told = "";
      this.#caller.lastFailure = undefined;
      this.#caller.enter({ kind: "connected", session });
      this.#shownState = "connected";
      this.#keepConnected(session);
    } catch (error) {
      observed.by?.closed(this);
      throw isCallback(error) ? error.thrown : error;
    }
  }

  async close(options?: CloseOptions): Promise<void> {
    if (!this.#isClosed) {
      this.#end({
        by: "local",
        code: "closed",
        message: "this side closed the client",
      });
    }
    await Promise.all(
      Array.from(this.#open, ({ channel }) => channel.close(options)),
    );
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
      failedAttempts: this.#failedAttempts,
      waitingCalls,
      connection: state.kind === "connected" ? state.session.stats() : null,
      total: this.#totals.stats(),
    };
  }

  ref(): void {
    this.#isRef = true;
    this.#backoff.isRef = true;
    for (const { channel } of this.#open) channel.ref();
  }

  unref(): void {
    this.#isRef = false;
    this.#backoff.isRef = false;
    for (const { channel } of this.#open) channel.unref();
  }

  /** Replaces each connection that is lost, until the client is closed. */
  async #keepConnected(session: Session | null): Promise<void> {
    const stopWatching = watchPage(() => this.#onPageChange());
    while (!this.#isClosed) {
      if (session === null) {
        session = await this.#tryToConnect();
        continue;
      }
      const since = world.now();
      const reason = await session.closing.left;
      if (this.#isClosed) break;
      if (isMismatchCode(reason.code)) {
        this.#end(reason);
        break;
      }
      // After a connection that was lost at once, the waits keep growing.
      const lastedMs = world.now() - since;
      if (lastedMs >= this.#waits.maxMs) this.#backoff.reset();
      this.#enter({ kind: "reconnecting", reason });
      const isDraining = session.closing.isDraining &&
        lastedMs >= this.#waits.initialMs;
      session = isDraining ? await this.#tryToConnect(true) : null;
    }
    stopWatching();
    observed.by?.closed(this);
    const { state } = this.#caller;
    if (state.kind === "closed") this.#resolveClosed(state.reason);
  }

  /** Resolves to `null` if the attempt to connect failed. */
  async #tryToConnect(isAtOnce = false): Promise<Session | null> {
    const { signal } = this.#ending;
    try {
      if (!isAtOnce) await this.#wait();
      const session = await this.#connect(signal);
      this.#told = "";
      this.#caller.lastFailure = undefined;
      this.#enter({ kind: "connected", session });
      return session;
    } catch (error) {
      if (this.#isClosed) return null;
      if (isFinal(error)) {
        const message = describeThrown(error);
        const code = mismatchIn(error) ?? "refused";
        this.#end({ by: "error", code, message, error });
      } else {
        this.#fail(error);
      }
      return null;
    }
  }

  /** Waits before an attempt. Returns at once if the client is closed. */
  async #wait(): Promise<void> {
    const { signal } = this.#waking = new AbortController();
    if (this.#isClosed) return;
    await this.#backoff.wait(Infinity, signal).catch(() => {});
  }

  /**
   * When the page is online and visible, checks the connection, or connects at
   * once if there is none.
   */
  #onPageChange(): void {
    this.#showState();
    if (isOffline() || !isVisible()) return;
    const { state } = this.#caller;
    // If the machine has slept, the connection may be dead without an error.
    if (state.kind === "connected") return state.session.heartbeat.check();
    this.#backoff.reset();
    this.#waking.abort();
  }

  /**
   * Reports the error of an attempt, unless the previous one had the same text.
   */
  #fail(thrown: unknown): void {
    const isHandler = isCallback(thrown);
    const error = isHandler ? thrown.thrown : thrown;
    this.#failedAttempts++;
    this.#caller.lastFailure = error;
    const text = describeThrown(error);
    if (text !== this.#told) {
      this.#report(error, isHandler ? "handler" : "connect");
    }
    this.#told = text;
  }

  /**
   * Opens one connection, and runs `onConnect` until it or the connection ends.
   * If the server has answered a hello before, this waits for its answer first:
   * until then the server may hang, and should not be sent any calls.
   */
  async #connect(signal: AbortSignal | undefined): Promise<Session> {
    const { address } = this;
    const options = { ...this.#options, signal };
    const session = await connectSession(
      this.#startSession,
      address,
      options,
      this,
    );
    const { channel, hello } = session;
    this.#open.add(session);
    channel.closed.then(() => this.#open.delete(session));
    this.#connections++;
    this.#totals.add(channel);
    if (!this.#isRef) channel.unref();
    observed.by?.owned(channel, this);
    try {
      this.#ending.signal.throwIfAborted();
      if (this.#hasGreeted) {
        await hello.replied;
        checkAlive(session, address, "the server answered the hello");
      } else {
        hello.ifExtended(() => this.#hasGreeted = true);
      }
      await abortable(this.#runOnConnect(session), signal);
      this.#ending.signal.throwIfAborted();
      return session;
    } catch (error) {
      await channel.close({ graceMs: 0 });
      throw error;
    }
  }

  async #runOnConnect(session: Session): Promise<void> {
    const { onConnect } = this.#options;
    if (onConnect === undefined) return;
    const { channel } = session;
    const connected = runCallback(() =>
      onConnect(session.client as RpcClient<T>)
    );
    try {
      await Promise.race([connected, channel.closed]);
    } catch (error) {
      // If `onConnect` fails because its connection ended, the connection is
      // the cause.
      if (!channel.isOwnEnd(isCallback(error) ? error.thrown : error)) {
        throw error;
      }
      await channel.closed;
    }
    checkAlive(session, this.address, "'onConnect' was done");
  }

  #end(reason: CloseReason): void {
    this.#ending.abort();
    this.#waking.abort();
    this.#enter({ kind: "closed", reason });
  }

  #enter(state: LinkState): void {
    this.#caller.enter(state);
    this.#showState();
  }

  /** Calls `onStateChange` if the state differs from the last one reported. */
  #showState(): void {
    const { state } = this;
    if (state === this.#shownState) return;
    this.#shownState = state;
    const link = this.#caller.state;
    const reason = link.kind === "connected" ? null : link.reason;
    runGuarded(
      () => this.#options.onStateChange?.(state, reason),
      (error) => this.#report(error),
    );
  }

  #report(error: unknown, kind: "connect" | "handler" = "handler"): void {
    this.#onError(error, { kind, address: this.address });
  }
}

/** Returns whether every later attempt would fail with the same error. */
function isFinal(error: unknown): boolean {
  return isInstance(error, AuthenticationError) || mismatchIn(error) !== null ||
    isInstance(error, Error) && error.name === "NotCapable";
}

function checkedBackoff({
  initialMs = DEFAULT_BACKOFF.initialMs,
  maxMs = Math.max(DEFAULT_BACKOFF.maxMs, initialMs),
}: Partial<BackoffOptions> = {}): BackoffOptions {
  checkRange("backoff.initialMs", initialMs, 1);
  checkRange("backoff.maxMs", maxMs, initialMs);
  return { initialMs, maxMs };
}
