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
  /** What to show to the other side, or what returns that. */
  readonly credentials: unknown;
  /** To whom the timer belongs. */
  readonly owner: object;
  /** Sends a request, which may take so long. */
  readonly send: (content: unknown, timeoutMs: number) => Promise<unknown>;
  /** The other side has extensions. */
  readonly onExtensions: () => void;
  /** The other side does not want this one. */
  readonly onRefused: (reason: CloseReason) => void;
}

/** What a hello tells, and its answer. */
export interface HelloContent {
  readonly version: number;
  readonly features: readonly string[];
}

/**
 * What this side and the other know of each other's extensions.
 *
 * `unsaid`: nothing. `asked`: this side has said hello. `extended`: the other
 * side has said hello, or answered one. `plain`: it has no extensions, as far
 * as is known.
 */
type State = "unsaid" | "asked" | "extended" | "plain";

/** The hello of a connection: who says it, and what is known by it. */
export class Hello {
  readonly #options: HelloOptions;
  #state: State = "unsaid";
  #takesPlaces = false;
  /** Why the other side does not want this one. */
  #refusal: Error | null = null;
  #answered: Promise<void> = Promise.resolve();

  constructor(options: HelloOptions) {
    this.#options = options;
  }

  /** Whether the other side is known to have extensions. */
  get hasExtensions(): boolean {
    return this.#state === "extended";
  }

  /** Whether calls that depend on the answer should wait for it. */
  get isAwaited(): boolean {
    return this.#state === "asked";
  }

  /** Whether the other side said that it knows what to do with addresses. */
  get takesPlaces(): boolean {
    return this.#takesPlaces;
  }

  /** Resolves once the hello is answered, whatever the answer. */
  get answered(): Promise<void> {
    return this.#answered;
  }

  /** Says hello, if it is this side's part and not done. */
  say(): void {
    if (this.#state !== "unsaid") return;
    const { saysHello, extensions } = this.#options;
    if (!saysHello || !extensions) return;
    this.#state = "asked";
    this.#answered = this.#send().then(
      (hello) => this.#extend(hello),
      (error) => this.#doWithout(error),
    );
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
   * Waits until it is answered, as a part of the call of `path`.
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
    return send(["$/hello", [hello], {}], this.#patienceMs);
  }

  get #patienceMs(): number {
    return this.#options.credentials === undefined
      ? PATIENCE_MS
      : CREDENTIALS_MS;
  }

  get #content(): HelloContent {
    const features = this.#options.hasPlaces ? [...FEATURES, PLACES] : FEATURES;
    return { version: VERSION, features };
  }

  #extend(hello: unknown): void {
    this.#state = "extended";
    // Looked for once, as the list may be long.
    this.#takesPlaces = isRecord(hello) && Array.isArray(hello.features) &&
      hello.features.includes(PLACES);
    this.#options.onExtensions();
  }

  #doWithout(error: Error): void {
    this.#state = "plain";
    const isRefused = error instanceof AuthenticationError;
    const hasShown = this.#options.credentials !== undefined;
    // A peer that knows no hello wants no credentials, either.
    if (!isRefused && (!hasShown || isPlainAnswer(error))) return;
    this.#refusal = error;
    const by = isRefused ? "peer" : "local";
    this.#options.onRefused({ by, reason: "authentication", error });
  }
}

/** Whether a hello failed as it does at a peer without extensions. */
function isPlainAnswer(error: Error): boolean {
  return error instanceof RemoteError || error instanceof TimeoutError ||
    error instanceof MethodNotFoundError ||
    error instanceof ConnectionClosedError;
}
