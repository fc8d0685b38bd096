import { TimeoutError } from "../../channel/errors.ts";
import type {
  CallOutcome,
  ConnectionChannel,
  Timeout,
} from "../../channel/internal.ts";
import { observed, world } from "../../transports/internal.ts";
import { type Call, runAs } from "../call.ts";
import { emit } from "../_events.ts";
import type {
  CallListener,
  CallOrigin,
  QueuedCall,
} from "../service/call_queue.ts";
import type { ServedCall } from "../middleware.ts";
import type {
  PassedStream,
  StreamOwner,
} from "../references/_message_context.ts";
import type { RpcClient } from "../rpc_client.ts";
import { errorMakers } from "../service/declared_errors.ts";
import type { StreamWatch } from "../calls/_stream_watch.ts";
import type { SessionContext } from "../_session_context.ts";

/** The terms on which a call is served, as its caller sent them. */
export interface ServingTerms {
  /** The timeout, in milliseconds. Not validated: any number. */
  readonly timeoutMs: number;
  /** Data for the middleware. */
  readonly meta: Readonly<Record<string, unknown>>;
  /** The key under which the result is kept for further calls, or `null`. */
  readonly as: number | null;
  /** Unverified information about the caller. */
  readonly origin: CallOrigin | null;
}

/** Why the signal of a call has aborted. */
interface Aborted {
  readonly reason: unknown;
}

/**
 * Creates its error lazily, because that takes 9 µs and few calls use their
 * signal.
 */
const STREAM_ENDED: Aborted = {
  get reason() {
    return new DOMException("The stream has ended", "AbortError");
  },
};

const NO_CONTEXT = Object.freeze({});
const NONE_PASSED: readonly { expire(): void }[] = [];

/** A call that this side serves. */
export class RunningCall implements ServedCall, StreamOwner, QueuedCall {
  readonly id: number;
  readonly path: string;
  readonly meta: Readonly<Record<string, unknown>>;
  /** For handlers of methods that declare errors. */
  readonly errors = errorMakers;
  readonly origin: CallOrigin | null;
  listener: CallListener | null = null;
  /** Middleware may change them. */
  args: readonly unknown[];
  context: object = NO_CONTEXT;
  readonly #session: SessionContext;
  readonly #identity: unknown;
  /** The open streams in the result; created on demand. */
  #streams: Set<PassedStream> | null = null;
  /** The streams in its arguments. */
  passed: readonly { expire(): void }[] = NONE_PASSED;
  /** The watches on the call; created on demand. */
  #watches: StreamWatch[] | null = null;
  #hasEnded = false;
  /** Whether the method has returned or thrown. */
  #isDone = false;
  #isGivenUp = false;
  #deadline = Infinity;
  #controller: AbortController | null = null;
  #timeout: Timeout | null = null;
  #aborted: Aborted | null = null;

  /**
   * `session` is notified once the call and the streams in its result have
   * ended.
   */
  constructor(
    session: SessionContext,
    id: number,
    path: string,
    args: readonly unknown[],
    { timeoutMs, meta, origin }: ServingTerms,
  ) {
    this.#session = session;
    this.#identity = session.admission.identity;
    this.id = id;
    this.path = path;
    this.args = args;
    this.meta = meta;
    this.origin = origin;
    // Most calls have no deadline, and reading the clock costs time.
    if (timeoutMs >= 0 && timeoutMs < Infinity) {
      this.#deadline = world.now() + timeoutMs;
    }
  }

  get subject(): this {
    return this;
  }

  /** The channel of the caller's connection. */
  get channel(): ConnectionChannel {
    return this.#session.channel;
  }

  get client(): RpcClient {
    return this.#session.client;
  }

  get remoteAddress(): string {
    return this.channel.remoteAddress;
  }

  get peerName(): string | null {
    return this.channel.peerName;
  }

  get closing(): AbortSignal {
    return this.#session.closing.signal;
  }

  get session(): Map<string, unknown> {
    return this.#session.data;
  }

  /** Without a setter, so that a method cannot change the caller's identity. */
  get identity(): unknown {
    return this.#identity;
  }

  get agent(): string | null {
    const { peerContainer } = this.#session.options;
    const id = this.origin?.agent ?? null;
    return id === null || peerContainer === undefined
      ? null
      : `${peerContainer}/${id}`;
  }

  get remainingMs(): number {
    return this.#deadline === Infinity
      ? Infinity
      : Math.max(0, this.#deadline - world.now());
  }

  /** Created on first use, together with the timer for the deadline. */
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
    return this.#streams !== null && this.#streams.size > 0;
  }

  /** Whether the caller has cancelled the call or is gone. */
  get isGivenUp(): boolean {
    return this.#isGivenUp;
  }

  /** Adds the object that a guard or middleware has returned to the context. */
  addContext(added: unknown): void {
    if (typeof added !== "object" || added === null) return;
    this.context = Object.freeze({ ...this.context, ...added });
  }

  run<T>(step: () => T): T {
    return runAs(this, step);
  }

  report(error: unknown): unknown {
    return this.#session.served.report(this, error);
  }

  /** The deadline applies to the reply only, which is being sent. */
  beginStream(stream: PassedStream): void {
    for (const watch of this.#watches ?? []) watch.begin();
    (this.#streams ??= new Set()).add(stream);
    this.#timeout?.stop();
    this.#deadline = Infinity;
  }

  endStream(stream: PassedStream): void {
    const { sentItems, failure } = stream;
    for (const watch of this.#watches ?? []) {
      watch.endStream(sentItems, failure);
    }
    this.#streams?.delete(stream);
    if (this.isStreaming) return;
    if (this.#isGivenUp) return this.end("aborted", this.#aborted?.reason);
    this.#abortFor(STREAM_ENDED);
    this.end("result");
  }

  /** Adds a watch that is notified when the call has ended. */
  addWatch(watch: StreamWatch): void {
    (this.#watches ??= []).push(watch);
  }

  /**
   * Gives the call up: the caller waits neither for the reply nor for the
   * streams in it.
   */
  giveUp(reason: unknown): void {
    this.#isGivenUp = true;
    this.abort(reason);
    this.listener?.onGivenUp();
    for (const stream of this.#streams ?? []) stream.drop();
  }

  /** Aborts the signal of the call. */
  abort(reason: unknown): void {
    this.#abortFor({ reason });
  }

  #abortFor(aborted: Aborted): void {
    this.#timeout?.stop();
    this.#aborted ??= aborted;
    this.#controller?.abort(aborted.reason);
  }

  /**
   * Called when the call has ended. Code that still holds the call may read its
   * signal, but that needs no timer any more. Repeatable.
   */
  end(outcome: CallOutcome, error?: unknown): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#timeout?.stop();
    this.#session.served.forget(this);
    for (const stream of this.passed) stream.expire();
    const failure = outcome === "result" ? null : { error };
    this.#watches?.forEach((watch) => watch.end(failure));
    if (observed.by !== null) this.#reportEnd(outcome, error);
  }

  #reportEnd(outcome: CallOutcome, error: unknown): void {
    emit(() => ({ type: "ended", subject: this, outcome, error }));
    if (!this.#isDone) emit(() => ({ type: "work-left", subject: this }));
  }

  /**
   * Called when the method has returned or thrown, possibly after the call has
   * ended.
   */
  finishWork(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.listener?.onSettled();
    if (this.#hasEnded && observed.by !== null) this.#reportDone();
  }

  #reportDone(): void {
    emit(() => ({ type: "work-done", subject: this }));
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
    this.#timeout = this.#session.channel.timers
      .start("call", this.remainingMs, onDue, options);
  }
}

/**
 * Adds a watch on a served call. Returns `false` for a fake call made by a
 * test, which cannot be watched.
 */
export function watchServed(call: Call, watch: StreamWatch): boolean {
  if (!(call instanceof RunningCall)) return false;
  call.addWatch(watch);
  return true;
}

/** Returns the channel on which a call arrived. */
export function channelOf(call: Call): ConnectionChannel {
  return (call as RunningCall).channel;
}
