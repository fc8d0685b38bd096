import { abortable, Timers } from "../../channel/internal.ts";
import {
  type CloseReason,
  ConnectionClosedError,
  RemoteError,
  TimeoutError,
} from "../../channel/errors.ts";
import { isRecord, isThenable } from "../serving/_call_content.ts";
import { AuthenticationError, MethodNotFoundError } from "../errors.ts";
import { isInstance } from "../_failure.ts";
import {
  DEFAULT_WINDOW,
  type StreamWindow,
} from "../streams/_outgoing_streams.ts";

/** The version of the extensions that this side speaks. */
const VERSION = 1;
const FEATURES = ["call", "cancel", "ping", "references", "streams"];

/** The feature of a side that knows what to do with addresses. */
const PLACES = "places";

/** How long calls wait for the answer to a hello. */
const PATIENCE_MS = 5_000;
/** The same for one with credentials, about which the other side may ask. */
const CREDENTIALS_MS = 60_000;

/** What a {@linkcode Hello} is made with. */
export interface HelloOptions {
  /** Whether this side says hello: the one that connects does. */
  readonly saysHello: boolean;
  /** Whether to have extensions if the other side has them, too. */
  readonly extensions: boolean;
  /** Whether this side knows what to do with addresses. */
  readonly hasPlaces: boolean;
  /** How far the other side's streams may run ahead of this one. */
  readonly window: StreamWindow;
  /** What to show to the other side, or what returns that. */
  readonly credentials: unknown;
  /** To whom the timer belongs. */
  readonly owner: object;
  /** Sends a request that may take for ever. */
  readonly send: (content: unknown) => Promise<unknown>;
  /** From now on the other side is gone if it is silent for long. */
  readonly onBegun: () => void;
  /** The other side has no extensions, and may be silent. */
  readonly onPlain: () => void;
  /** The other side does not want this one. */
  readonly onRefused: (reason: CloseReason) => void;
  /**
   * For how long calls that depend on it wait for the answer, in milliseconds.
   *
   * @default {5_000, or 60_000 with credentials}
   */
  readonly patienceMs?: number;
}

/** What a hello tells, and its answer. */
export interface HelloContent {
  readonly version: number;
  readonly features: readonly string[];
  /** Where it is not the default. */
  readonly window?: StreamWindow;
}

/**
 * What this side and the other know of each other's extensions.
 *
 * `unsaid`: nothing, and nobody will say it. `expected`: the other side, which
 * has connected, may say it at any moment. `asked`: this side has said hello, and calls that depend
 * on the answer wait for it. `overdue`: they do not wait any longer.
 * `extended`: the other side has said hello, or answered one. `plain`: it has
 * no extensions.
 */
type State =
  | "unsaid"
  | "expected"
  | "asked"
  | "overdue"
  | "extended"
  | "plain";

/** The hello of a connection: who says it, and what is known by it. */
export class Hello {
  readonly #options: HelloOptions;
  readonly #patienceMs: number;
  #state: State;
  #takesPlaces = false;
  #window = DEFAULT_WINDOW;
  /** Why the other side does not want this one. */
  #refusal: { readonly error: unknown } | null = null;
  /** Whether the function for the credentials failed. */
  #hasFailed = false;
  #answered: Promise<void> | null = null;
  /** Ends the wait for the answer. */
  #endWait = (): void => {};

  constructor(options: HelloOptions) {
    this.#options = options;
    const { saysHello, extensions } = options;
    this.#state = !saysHello && extensions ? "expected" : "unsaid";
    this.#patienceMs = options.patienceMs ??
      (options.credentials === undefined ? PATIENCE_MS : CREDENTIALS_MS);
  }

  /** Whether the other side is known to have extensions. */
  get hasExtensions(): boolean {
    return this.#state === "extended";
  }

  /** Whether calls that depend on it should wait for it, or for its answer. */
  get isAwaited(): boolean {
    return this.#state === "asked" || this.#state === "expected";
  }

  /** Whether this side has said it, and calls may still wait for the answer. */
  get isAsked(): boolean {
    return this.#state === "asked";
  }

  /** Whether the other side may still say it, as nothing has come from it. */
  get isExpected(): boolean {
    return this.#state === "expected";
  }

  /** Whether this side has said it, and has no answer yet. */
  get isUnanswered(): boolean {
    return this.#state === "asked" || this.#state === "overdue";
  }

  /** Whether the other side said that it knows what to do with addresses. */
  get takesPlaces(): boolean {
    return this.#takesPlaces;
  }

  /** As much of `window` as the other side wants of a stream at once. */
  narrow({ items, bytes }: StreamWindow): StreamWindow {
    return {
      items: Math.min(items, this.#window.items),
      bytes: Math.min(bytes, this.#window.bytes),
    };
  }

  /** Resolves once it is said and answered, whatever the answer, or overdue. */
  get answered(): Promise<void> {
    if (!this.isAwaited) return Promise.resolve();
    // The side that listens has no timer for it before a call depends on it.
    return this.#answered ??= this.#beginWait();
  }

  /** Says hello, if it is this side's part and not done. */
  say(): void {
    if (this.#state !== "unsaid") return;
    const { saysHello, extensions } = this.#options;
    if (!saysHello || !extensions) return;
    this.#state = "asked";
    this.#answered = this.#beginWait();
    this.#send().then(
      (hello) => this.#extend(hello),
      (error) => this.#doWithout(error),
    );
    this.#options.onBegun();
  }

  /** The other side has said something else first: it says no hello. */
  expectNoMore(): void {
    if (this.#state !== "expected") return;
    this.#state = "plain";
    this.#endWait();
  }

  /** The connection has ended: nothing waits for an answer any more. */
  lose(): void {
    this.expectNoMore();
    // Credentials that nobody has returned yet are shown to nobody.
    if (this.isUnanswered) this.#endWait();
  }

  /** Takes the hello of the other side; returns the answer. */
  take(hello: unknown): HelloContent {
    this.#extend(hello);
    return this.#content;
  }

  /**
   * Resolves when the other side has taken the credentials of this one, and
   * rejects if it does not; `null` if there are none.
   */
  authenticate(): Promise<void> | null {
    if (this.#options.credentials === undefined) return null;
    return this.answered.then(() => {
      if (this.#refusal !== null) throw this.#refusal.error;
    });
  }

  /**
   * Waits until it is answered or overdue, as a part of the call of `path`.
   *
   * @throws {TimeoutError} If the call's time is over before.
   */
  async wait(
    path: string,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    if (!(timeoutMs < this.#patienceMs)) {
      return await abortable(this.answered, signal);
    }
    const { promise: late, reject } = Promise.withResolvers<never>();
    const onLate = () =>
      reject(
        new TimeoutError(
          `Cannot call '${path}': the other side has not said within ${timeoutMs} ms what it can do`,
          { timeoutMs, sent: false },
        ),
      );
    const timer = new Timers(this.#options.owner)
      .start("hello", timeoutMs, onLate, { keepsAlive: true });
    try {
      await abortable(Promise.race([this.answered, late]), signal);
    } finally {
      timer.stop();
    }
  }

  #beginWait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const onOverdue = () => {
      this.#state = this.#state === "expected" ? "plain" : "overdue";
      this.#endWait();
    };
    const timer = new Timers(this.#options.owner)
      .start("hello", this.#patienceMs, onOverdue);
    this.#endWait = () => {
      timer.stop();
      resolve();
    };
    return promise;
  }

  // Not async: its answer is to be known before that to the next call.
  #send(): Promise<unknown> {
    const { credentials } = this.#options;
    if (typeof credentials !== "function") return this.#sendWith(credentials);
    try {
      const shown: unknown = credentials();
      if (!isThenable(shown)) return this.#sendWith(shown);
      return Promise.resolve(shown).then(
        (shown) => this.#sendWith(shown),
        (error) => this.#doWithoutCredentials(error),
      );
    } catch (error) {
      return this.#doWithoutCredentials(error);
    }
  }

  /** The function for the credentials failed: this side has nothing to show. */
  #doWithoutCredentials(error: unknown): Promise<never> {
    this.#hasFailed = true;
    return Promise.reject(error);
  }

  #sendWith(credentials: unknown): Promise<unknown> {
    const hello = credentials === undefined
      ? this.#content
      : { ...this.#content, credentials };
    return this.#options.send(["$/hello", [hello], {}]);
  }

  get #content(): HelloContent {
    const { hasPlaces, window: { items, bytes } } = this.#options;
    const features = hasPlaces ? [...FEATURES, PLACES] : FEATURES;
    const isUsual = items === DEFAULT_WINDOW.items &&
      bytes === DEFAULT_WINDOW.bytes;
    return {
      version: VERSION,
      features,
      ...(!isUsual &&
        { window: { items: finite(items), bytes: finite(bytes) } }),
    };
  }

  #extend(hello: unknown): void {
    this.#state = "extended";
    // Looked for once, as the list may be long.
    const { features, window } = isRecord(hello) ? hello : {};
    this.#takesPlaces = Array.isArray(features) && features.includes(PLACES);
    this.#window = isWindow(window) ? window : DEFAULT_WINDOW;
    this.#endWait();
    this.#options.onBegun();
  }

  #doWithout(error: unknown): void {
    this.#state = "plain";
    this.#refusal = this.#refusalIn(error);
    this.#endWait();
    const { onPlain, onRefused } = this.#options;
    if (this.#refusal === null) return onPlain();
    const by = isInstance(error, AuthenticationError) ? "peer" : "local";
    const code = this.#hasFailed ? "credentials" : "authentication";
    const message = this.#hasFailed
      ? "this side could not make its credentials"
      : "the other side refused the credentials";
    onRefused({ by, code, message, error });
  }

  /** A peer that knows no hello wants no credentials, either. */
  #refusalIn(error: unknown): { readonly error: unknown } | null {
    const hasShown = this.#options.credentials !== undefined;
    const isRefused = isInstance(error, AuthenticationError) ||
      this.#hasFailed || hasShown && !isPlainAnswer(error);
    return isRefused ? { error } : null;
  }
}

/** Not every codec carries infinity. */
function finite(number: number): number {
  return Math.min(number, Number.MAX_SAFE_INTEGER);
}

function isWindow(window: unknown): window is StreamWindow {
  if (!isRecord(window)) return false;
  return [window.items, window.bytes].every((it) =>
    typeof it === "number" && it >= 1
  );
}

/** Whether a hello failed as it does at a peer without extensions. */
function isPlainAnswer(error: unknown): boolean {
  return isInstance(error, RemoteError) ||
    isInstance(error, MethodNotFoundError) ||
    isInstance(error, ConnectionClosedError);
}
