import { TimeoutError } from "../../channel/errors.ts";
import type { CallOutcome, Timeout, Timers } from "../../channel/internal.ts";
import { observed, world } from "../../transports/internal.ts";
import { runAs } from "../call.ts";
import { emit } from "../_events.ts";
import type { ServedCall } from "../middleware.ts";
import type {
  PassedStream,
  StreamOwner,
} from "../references/_message_context.ts";

/** The parts of a channel that a {@linkcode RunningCall} uses. */
export interface CallChannel {
  readonly remoteAddress: string;
  readonly peerName: string | null;
  readonly timers: Timers;
}

/** Options for a {@linkcode RunningCall}. */
export interface RunningCallOptions {
  readonly id: number;
  readonly path: string;
  readonly args: readonly unknown[];
  readonly identity: unknown;
  readonly session: Map<string, unknown>;
  /** The time that the caller allows, in milliseconds; any number. */
  readonly timeoutMs: number;
  readonly meta: Readonly<Record<string, unknown>>;
  /** Runs once, when the call and the streams in its result have ended. */
  readonly onEnd: (call: RunningCall) => void;
}

/** A call that this side serves. */
export class RunningCall implements ServedCall, StreamOwner {
  readonly id: number;
  readonly path: string;
  readonly meta: Readonly<Record<string, unknown>>;
  readonly session: Map<string, unknown>;
  /** Middleware may change them. */
  args: readonly unknown[];
  /** The streams in the result. */
  streams: readonly PassedStream[] = [];
  readonly #channel: CallChannel;
  readonly #identity: unknown;
  readonly #onEnd: (call: RunningCall) => void;
  #openStreams = 0;
  #hasEnded = false;
  #isGivenUp = false;
  #deadline = Infinity;
  #controller: AbortController | null = null;
  #timeout: Timeout | null = null;
  #aborted: { readonly reason: unknown } | null = null;

  constructor(channel: CallChannel, options: RunningCallOptions) {
    this.#channel = channel;
    this.id = options.id;
    this.path = options.path;
    this.args = options.args;
    this.meta = options.meta;
    this.session = options.session;
    this.#identity = options.identity;
    this.#onEnd = options.onEnd;
    // Most calls have no deadline, and reading the time is not free.
    const { timeoutMs } = options;
    if (timeoutMs >= 0 && timeoutMs < Infinity) {
      this.#deadline = world.now() + timeoutMs;
    }
  }

  get remoteAddress(): string {
    return this.#channel.remoteAddress;
  }

  get peerName(): string | null {
    return this.#channel.peerName;
  }

  /** Without a setter, so that no method can act as somebody else. */
  get identity(): unknown {
    return this.#identity;
  }

  get remainingMs(): number {
    return this.#deadline === Infinity
      ? Infinity
      : Math.max(0, this.#deadline - world.now());
  }

  /** Made, with the timer of the deadline, when first asked for. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#aborted !== null) this.#controller.abort(this.#aborted.reason);
      else if (!this.#hasEnded) this.#arm();
    }
    return this.#controller.signal;
  }

  /** Whether streams in the result are open. */
  get isStreaming(): boolean {
    return this.#openStreams > 0;
  }

  /** Whether the caller will not read the reply. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  run<T>(step: () => T): T {
    return runAs(this, step);
  }

  /** The deadline was for the reply, which is being sent. */
  beginStream(): void {
    this.#openStreams++;
    this.#timeout?.stop();
    this.#deadline = Infinity;
  }

  endStream(): void {
    if (--this.#openStreams > 0) return;
    this.abort(new DOMException("The stream has ended", "AbortError"));
    this.end(this.#isGivenUp ? "aborted" : "result");
  }

  /** The caller waits neither for the reply nor for the streams in it. */
  giveUp(reason: unknown): void {
    this.#isGivenUp = true;
    this.abort(reason);
    for (const stream of this.streams) stream.drop();
  }

  /** Aborts the signal of the call. */
  abort(reason: unknown): void {
    this.#timeout?.stop();
    this.#aborted ??= { reason };
    this.#controller?.abort(reason);
  }

  /**
   * The call has ended. Code that still holds it may ask for its signal, but
   * that needs no timer any more. Repeatable.
   */
  end(outcome: CallOutcome, error?: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#timeout?.stop();
    this.#onEnd(this);
    if (observed.by === null) return;
    emit(() => ({ type: "call-ended", call: this, outcome, error }));
  }

  #arm(): void {
    if (this.#deadline === Infinity) return;
    const onDue = () =>
      this.abort(
        new TimeoutError(
          `Cannot continue '${this.path}': the time of its caller is over`,
          { timeoutMs: 0, sent: true },
        ),
      );
    const options = { keepsAlive: true };
    this.#timeout = this.#channel.timers
      .start("call", this.remainingMs, onDue, options);
  }
}
