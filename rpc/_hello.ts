import { abortable } from "../channel/_abortable.ts";
import { startTimer } from "../channel/_backoff.ts";
import {
  type CloseReason,
  ConnectionClosedError,
  RemoteError,
  TimeoutError,
} from "../channel/errors.ts";
import { isRecord } from "./_call_content.ts";
import { AuthenticationError, MethodNotFoundError } from "./errors.ts";
import { DEFAULT_WINDOW, type StreamWindow } from "./_outgoing_streams.ts";

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
 * `unsaid`: nothing. `asked`: this side has said hello, and calls that depend
 * on the answer wait for it. `overdue`: they do not wait any longer.
 * `extended`: the other side has said hello, or answered one. `plain`: it has
 * no extensions.
 */
type State = "unsaid" | "asked" | "overdue" | "extended" | "plain";

/** The hello of a connection: who says it, and what is known by it. */
export class Hello {
  readonly #options: HelloOptions;
  readonly #patienceMs: number;
  #state: State = "unsaid";
  #takesPlaces = false;
  #window = DEFAULT_WINDOW;
  /** Why the other side does not want this one. */
  #refusal: Error | null = null;
  #answered: Promise<void> = Promise.resolve();
  /** Ends the wait for the answer. */
  #endWait = (): void => {};

  constructor(options: HelloOptions) {
    this.#options = options;
    this.#patienceMs = options.patienceMs ??
      (options.credentials === undefined ? PATIENCE_MS : CREDENTIALS_MS);
  }

  /** Whether the other side is known to have extensions. */
  get hasExtensions(): boolean {
    return this.#state === "extended";
  }

  /** Whether calls that depend on the answer should wait for it. */
  get isAwaited(): boolean {
    return this.#state === "asked";
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

  /** Resolves once it is answered, whatever the answer, or is overdue. */
  get answered(): Promise<void> {
    return this.#answered;
  }

  /** Says hello, if it is this side's part and not done. */
  say(): void {
    if (this.#state !== "unsaid") return;
    const { saysHello, extensions } = this.#options;
    if (!saysHello || !extensions) return;
    this.#state = "asked";
    this.#beginWait();
    this.#send().then(
      (hello) => this.#extend(hello),
      (error) => this.#doWithout(error),
    );
    this.#options.onBegun();
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
  introduce(): Promise<void> | null {
    if (this.#options.credentials === undefined) return null;
    return this.#answered.then(() => {
      if (this.#refusal !== null) throw this.#refusal;
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
      return await abortable(this.#answered, signal);
    }
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = startTimer(timeoutMs, () =>
      reject(
        new TimeoutError(
          `Cannot call '${path}': the other side has not said within ${timeoutMs} ms what it can do`,
          timeoutMs,
          false,
        ),
      ), this.#options.owner);
    try {
      await abortable(Promise.race([this.#answered, late]), signal);
    } finally {
      timer.stop();
    }
  }

  #beginWait(): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = startTimer(this.#patienceMs, () => {
      this.#state = "overdue";
      this.#endWait();
    }, this.#options.owner);
    // It is no reason to keep a process alive.
    timer.unref();
    this.#answered = promise;
    this.#endWait = () => {
      timer.stop();
      resolve();
    };
  }

  // Not async: its answer is to be known before that to the next call.
  #send(): Promise<unknown> {
    const { credentials: shown, send } = this.#options;
    let credentials: unknown;
    try {
      credentials = typeof shown === "function" ? shown() : shown;
    } catch (error) {
      return Promise.reject(error);
    }
    const hello = credentials === undefined
      ? this.#content
      : { ...this.#content, credentials };
    return send(["$/hello", [hello], {}]);
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

  #doWithout(error: Error): void {
    this.#state = "plain";
    this.#refusal = this.#refusalIn(error);
    this.#endWait();
    const { onPlain, onRefused } = this.#options;
    if (this.#refusal === null) return onPlain();
    const by = error instanceof AuthenticationError ? "peer" : "local";
    onRefused({ by, reason: "authentication", error });
  }

  /** A peer that knows no hello wants no credentials, either. */
  #refusalIn(error: Error): Error | null {
    if (error instanceof AuthenticationError) return error;
    const hasShown = this.#options.credentials !== undefined;
    return hasShown && !isPlainAnswer(error) ? error : null;
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
function isPlainAnswer(error: Error): boolean {
  return error instanceof RemoteError ||
    error instanceof MethodNotFoundError ||
    error instanceof ConnectionClosedError;
}
