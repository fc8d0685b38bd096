import { type CloseReason, ConnectionClosedError } from "./errors.ts";

/** The codes for a peer that broke a limit, each with its message. */
const CUT_MESSAGES = {
  "first-frame": "the peer sent nothing after it had connected",
  "idle": "the connection was idle for too long",
  "over-budget": "the peer made this side hold too much memory",
  "rate-limit": "the peer sends too fast",
  "server-full": "the server needed room for another connection",
  "slow-frame": "a frame took too long to arrive",
  "slow-peer": "the peer reads too slowly",
} as const;

/** The code of a limit whose breach ends a connection. */
export type CutCode = keyof typeof CUT_MESSAGES;

/** Returns the reason for the end of a connection whose peer broke a limit. */
export function cutReason(code: CutCode): CloseReason {
  return { by: "error", code, message: CUT_MESSAGES[code] };
}

/** Creates the error of an operation that the end of its connection stopped. */
export function connectionClosed(
  act: string,
  reason: CloseReason,
  sent = false,
): ConnectionClosedError {
  const { by, code, message, error } = reason;
  return new ConnectionClosedError(`Cannot ${act}: ${message}`, {
    by,
    code,
    sent,
    ...(error !== undefined && { cause: error }),
  });
}

/**
 * The states of a channel.
 *
 * - `open`: everything is allowed.
 * - `closing`: no new calls and requests; answers are still sent.
 * - `finishing`: queued data is written, then the stream ends.
 * - `closed`: the connection is gone and every table is empty.
 */
type State =
  | { readonly kind: "open" }
  | {
    readonly kind: "closing" | "finishing" | "closed";
    readonly reason: CloseReason;
  };

/** Maps errors to the lifecycles whose end they report. */
const owners = new WeakMap<object, Lifecycle>();

/**
 * The state of a channel, which moves one way only. The channel changes it; its
 * parts read it.
 */
export class Lifecycle {
  /** Resolves to the reason once the channel is closed. Never rejects. */
  readonly closed: Promise<CloseReason>;

  readonly #resolveClosed: (reason: CloseReason) => void;
  #state: State = { kind: "open" };

  /** Creates an open lifecycle. */
  constructor() {
    const { promise, resolve } = Promise.withResolvers<CloseReason>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  /** The current state. */
  get state(): State {
    return this.#state;
  }

  /** Enters a state after `open`. */
  enter(
    kind: "closing" | "finishing" | "closed",
    reason: CloseReason,
  ): void {
    this.#state = { kind, reason };
  }

  /** Resolves {@linkcode closed}, after every part of the channel has ended. */
  announce(reason: CloseReason): void {
    this.#resolveClosed(reason);
  }

  /**
   * Creates the error of an operation that the end of this channel stops. Only
   * for a channel that is not open.
   */
  error(act: string, sent = false): ConnectionClosedError {
    if (this.#state.kind === "open") {
      throw new TypeError(`Cannot stop '${act}': the channel is open`);
    }
    const error = connectionClosed(act, this.#state.reason, sent);
    owners.set(error, this);
    return error;
  }

  /** Returns whether {@linkcode error} created `error`. */
  isOwn(error: unknown): boolean {
    // A handler may throw anything, such as an object with hostile traps.
    return owners.get(error as object) === this;
  }
}
