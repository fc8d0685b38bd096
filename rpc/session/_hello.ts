import { abortable, type Timeout } from "../../channel/internal.ts";
import {
  ConnectionClosedError,
  RemoteError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import { isRecord } from "../references/_call_content.ts";
import { AuthenticationError, MethodNotFoundError } from "../errors.ts";
import { isInstance } from "../_failure.ts";
import { FIRST_WINDOW, firstWindow } from "../streams/_window.ts";
import type { StreamWindow } from "../rpc_options.ts";
import type { SessionContext } from "../_session_context.ts";
import type { Heartbeat } from "./_heartbeat.ts";

/** The version of the extensions that this side supports. */
const VERSION = 1;
const FEATURES = [
  "call",
  "cancel",
  "ping",
  "references",
  "streams",
  "values",
  "pipes",
  "drain",
  "notify",
];

/** Feature: the side can resolve addresses of agents. */
const PLACES = "places";
/** Feature: the agents of the side run one call at a time. */
const TURNS = "turns";
/** Feature: the side accepts values that codecs cannot encode. */
const VALUES = "values";
/**
 * Feature: the side supports `$/drain`, the notice that the other side is
 * closing.
 */
const DRAIN = "drain";
/** Feature: the side supports calls without a reply. */
const NOTIFY = "notify";
/** Feature: the side keeps results for calls that use them. */
const PIPES = "pipes";

/** Thrown if a call can be encoded only after the reply to the hello. */
export class HelloAwaitedError extends Error {
  override readonly name = "HelloAwaitedError";
}

/** How long calls wait for the reply to a hello, in milliseconds. */
const PATIENCE_MS = 5_000;
/** The same for a hello with credentials, which the peer has to check. */
const CREDENTIALS_MS = 60_000;

/** A session with the heartbeat that a {@linkcode Hello} starts. */
type HelloContext = SessionContext & { readonly heartbeat: Heartbeat };

/** The content of a hello, and of its reply. */
export interface HelloContent {
  readonly version: number;
  readonly features: readonly string[];
  /** The first window of a stream, if it differs from the default. */
  readonly window?: StreamWindow;
  /** The name of the connection, if its initiator gives one. */
  readonly name?: string;
}

/**
 * The state of the hello. `unsaid`: no hello was sent, and none will arrive.
 * `expected`: the peer has connected and may send a hello first. `asked`: this
 * side has sent a hello, and calls that depend on the reply wait for it.
 * `overdue`: they no longer wait. `extended`: the peer has the extensions.
 * `plain`: the peer does not have them.
 */
type State =
  | "unsaid"
  | "expected"
  | "asked"
  | "overdue"
  | "extended"
  | "plain";

/**
 * The hello of a connection, which tells each side the extensions of the other.
 */
export class Hello {
  /** Whether the peer can resolve addresses of agents. */
  takesAddresses = false;
  /** Whether the peer reads the origins of calls. */
  takesTurns = false;
  /** Whether the peer accepts values that codecs cannot encode. */
  takesValues = false;
  /** Whether the peer keeps results for calls that use them. */
  takesPipes = false;
  /** Whether the peer supports `$/drain`. */
  takesDrain = false;
  /** Whether the peer supports calls without a reply. */
  takesOneWay = false;
  /** The name of the connection that its initiator, the other side, gave it. */
  peerName: string | undefined = undefined;
  /** The first window of a stream: the smaller of both sides' windows. */
  window: StreamWindow;
  /** Whether the user's function for the credentials failed. */
  hasNoCredentials = false;
  /**
   * Settles once the reply to this side's hello has arrived, or will never
   * arrive.
   */
  replied: Promise<void> = Promise.resolve();
  readonly #session: HelloContext;
  #state: State;
  /** The error by which the peer refused this side. */
  #refusal: { readonly error: unknown } | null = null;
  #answered: Promise<void> | null = null;
  #wait: { readonly timeout: Timeout; readonly resolve: () => void } | null =
    null;

  /** Belongs to `session`, whose options it reads at once. */
  constructor(session: HelloContext) {
    this.#session = session;
    const { isInitiator, extensions } = session.options;
    this.#state = !isInitiator && extensions ? "expected" : "unsaid";
    this.window = this.#narrow(FIRST_WINDOW);
  }

  /** Whether the peer is known to have the extensions. */
  get hasExtensions(): boolean {
    return this.#state === "extended";
  }

  /** Whether calls that depend on the extensions should wait. */
  get isAwaited(): boolean {
    return this.#state === "asked" || this.#state === "expected";
  }

  /** Whether the peer has sent nothing yet, and may send a hello. */
  get isExpected(): boolean {
    return this.#state === "expected";
  }

  /** Whether this side has sent a hello, and calls may wait for the reply. */
  get isAsked(): boolean {
    return this.#state === "asked";
  }

  /** Whether this side has sent a hello, and no reply has arrived. */
  get isUnanswered(): boolean {
    return this.#state === "asked" || this.#state === "overdue";
  }

  /**
   * Resolves once it is known whether the peer has extensions, or the wait for
   * that has timed out.
   */
  get answered(): Promise<void> {
    if (!this.isAwaited) return Promise.resolve();
    // Created on first use: most acceptors never make calls.
    return this.#answered ??= this.#beginWait();
  }

  /**
   * Runs `action` once the peer is known to have the extensions; never if it
   * lacks them.
   */
  ifExtended(action: () => void): void {
    if (this.hasExtensions) action();
    else if (this.isAwaited) this.answered.then(() => this.ifExtended(action));
  }

  /** Sends a hello, if this side is the initiator and has not sent one. */
  say(): void {
    const { isInitiator, extensions } = this.#session.options;
    if (this.#state !== "unsaid" || !isInitiator || !extensions) return;
    this.#state = "asked";
    this.#answered = this.#beginWait();
    this.replied = this.#send().then(
      (hello) => this.#extend(hello),
      (error) => this.#doWithout(error),
    );
    this.#session.heartbeat.start("greeting");
  }

  /**
   * Called when the peer has sent something else first, so it will not send a
   * hello.
   */
  expectNoMore(): void {
    if (this.#state !== "expected") return;
    this.#state = "plain";
    this.#endWait();
  }

  /**
   * Called when the connection has ended. Nothing waits for a reply any more.
   */
  lose(): void {
    this.expectNoMore();
    // Covers credentials whose promise is still pending.
    this.#endWait();
  }

  /** Handles the peer's hello and returns the reply. */
  take(hello: unknown): HelloContent {
    this.#extend(hello);
    return this.#content;
  }

  /**
   * Resolves when the peer has accepted this side's credentials, and rejects if
   * it refuses them. Returns `null` without credentials.
   */
  authenticate(): Promise<void> | null {
    if (this.#session.options.credentials === undefined) return null;
    return this.answered.then(() => {
      if (this.#refusal !== null) throw this.#refusal.error;
    });
  }

  /**
   * Waits until the hello is answered or overdue, within the timeout of the
   * call of `path`.
   *
   * @throws {TimeoutError} If the call's timeout expires first.
   */
  async wait(
    path: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (!(timeoutMs < Infinity)) {
      return await abortable(this.answered, signal);
    }
    const { promise: late, reject } = Promise.withResolvers<never>();
    const onLate = () =>
      reject(
        new TimeoutError(
          `Cannot call '${path}': the peer did not answer the hello within ${timeoutMs} ms`,
          { timeoutMs, sent: false },
        ),
      );
    const options = { keepsAlive: true };
    const timeout = this.#session.channel.timers
      .start("hello", timeoutMs, onLate, options);
    try {
      await abortable(Promise.race([this.answered, late]), signal);
    } finally {
      timeout.stop();
    }
  }

  get #patienceMs(): number {
    const { credentials } = this.#session.options;
    return credentials === undefined ? PATIENCE_MS : CREDENTIALS_MS;
  }

  #beginWait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waitOn(resolve);
    return promise;
  }

  #waitOn(resolve: () => void): void {
    const { channel, options } = this.#session;
    const { framesIn } = channel.counts;
    const onOverdue = () => {
      // A peer that has sent nothing at all is stuck, and may have extensions.
      const isStuck = channel.counts.framesIn === framesIn &&
        options.credentials === undefined;
      if (this.isAsked && isStuck) return this.#waitOn(resolve);
      this.#state = this.#state === "expected" ? "plain" : "overdue";
      this.#endWait();
    };
    const timeout = channel.timers.start("hello", this.#patienceMs, onOverdue);
    this.#wait = { timeout, resolve };
  }

  #endWait(): void {
    this.#wait?.timeout.stop();
    this.#wait?.resolve();
    this.#wait = null;
  }

  // Not async: the reply to the hello must be handled before that to the next
  // call.
  #send(): Promise<unknown> {
    const { credentials } = this.#session.options;
    if (typeof credentials !== "function") return this.#sendWith(credentials);
    return new Promise((resolve) => resolve(credentials())).then(
      (shown) => this.#sendWith(shown),
      (error) => {
        this.hasNoCredentials = true;
        throw error;
      },
    );
  }

  #sendWith(credentials: unknown): Promise<unknown> {
    const hello = credentials === undefined
      ? this.#content
      : { ...this.#content, credentials };
    const content = ["$/hello", [hello], {}];
    return this.#session.channel.calls.send(content, { timeoutMs: Infinity });
  }

  get #content(): HelloContent {
    const { connectionName: name, resolver, streamWindow } =
      this.#session.options;
    const { items, bytes } = firstWindow(streamWindow);
    const features = resolver ? [...FEATURES, PLACES, TURNS] : FEATURES;
    const isUsual = items === FIRST_WINDOW.items &&
      bytes === FIRST_WINDOW.bytes;
    return {
      version: VERSION,
      features,
      ...(!isUsual &&
        { window: { items, bytes: finite(bytes) } }),
      ...(name !== undefined && { name }),
    };
  }

  #extend(hello: unknown): void {
    this.#state = "extended";
    // Searched once, because the peer's list may be long.
    const { features, name, window } = isRecord(hello) ? hello : {};
    this.peerName = isName(name) ? name : undefined;
    const peers: unknown[] = Array.isArray(features) ? features : [];
    this.takesAddresses = peers.includes(PLACES);
    this.takesTurns = peers.includes(TURNS);
    this.takesValues = peers.includes(VALUES);
    this.takesPipes = peers.includes(PIPES);
    this.takesDrain = peers.includes(DRAIN);
    this.takesOneWay = peers.includes(NOTIFY);
    this.window = this.#narrow(isWindow(window) ? window : FIRST_WINDOW);
    this.#endWait();
    this.#session.heartbeat.start("pinging");
  }

  #narrow({ items, bytes }: StreamWindow): StreamWindow {
    const { streamWindow } = this.#session.options;
    return {
      items: Math.min(items, streamWindow.items),
      bytes: Math.min(bytes, streamWindow.bytes),
    };
  }

  #doWithout(error: unknown): void {
    this.#state = "plain";
    const isRefused = this.#isRefusal(error);
    if (isRefused) this.#refusal = { error };
    this.#endWait();
    if (!isRefused) return this.#session.heartbeat.stop();
    const isTheirs = isInstance(error, AuthenticationError) ||
      isInstance(error, ServerBusyError);
    const by = isTheirs ? "peer" : "local";
    const code = this.hasNoCredentials ? "credentials" : "authentication";
    const message = this.hasNoCredentials
      ? "this side could not make its credentials"
      : "the other side refused the credentials";
    this.#session.channel.cut({ by, code, message, error });
  }

  /**
   * Returns whether an error means that the peer refused this side. A peer that
   * does not support the hello does not require credentials either.
   */
  #isRefusal(error: unknown): boolean {
    return this.hasNoCredentials || isInstance(error, AuthenticationError) ||
      this.#session.options.credentials !== undefined && !isPlainAnswer(error);
  }
}

/** Replaces infinity, which not every codec can encode. */
function finite(number: number): number {
  return Math.min(number, Number.MAX_SAFE_INTEGER);
}

/** The maximum length of a connection name. */
const MAX_NAME_LENGTH = 100;

function isName(name: unknown): name is string {
  return typeof name === "string" && name.length <= MAX_NAME_LENGTH;
}

function isWindow(window: unknown): window is StreamWindow {
  return isRecord(window) &&
    [window.items, window.bytes].every((it) =>
      typeof it === "number" && it >= 1
    );
}

/**
 * Returns whether a hello failed because the peer has no extensions or is gone.
 */
function isPlainAnswer(error: unknown): boolean {
  return isInstance(error, RemoteError) ||
    isInstance(error, MethodNotFoundError) ||
    isInstance(error, ConnectionClosedError);
}
