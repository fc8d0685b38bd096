import {
  SerializationError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import { observed, world } from "../../transports/internal.ts";
import { type CallOptions, currentCall } from "../call.ts";
import type { CallTerms } from "../calls/_call_terms.ts";
import { emit } from "../_events.ts";
import { asReceived, isInstance } from "../_failure.ts";
import { splitKwargs } from "../kwargs.ts";
import type { CallMiddleware, MadeCall } from "../middleware.ts";
import {
  Lease,
  MessageContext,
  OneWayContext,
  type ReceivedContext,
} from "../references/_message_context.ts";
import { REFERENCE_PREFIX, referenceKey } from "../references/_references.ts";
import type { Caller } from "../references/_remote_proxy.ts";
import { runThrough } from "../serving/_run_through.ts";
import type { CallOrigin } from "../service/call_queue.ts";
import type { SessionContext } from "../_session_context.ts";
import { PassingCall } from "../streams/_passing_call.ts";
import { type Hello, HelloAwaitedError } from "./_hello.ts";
import { isCrowded, Shares } from "./_shares.ts";
import { ReplyNeededError } from "./_session_type.ts";

/** A session with the hello that calls wait for. */
type CallingContext = SessionContext & { readonly hello: Hello };

/** The context of a reply, to which the call adds its lease. */
type LeasedContext = ReceivedContext & { lease?: Lease };

/** The calls that this side makes on one connection. */
export class MadeCalls implements Caller {
  readonly #session: CallingContext;
  /** Created on demand: few connections are ever crowded. */
  #shares: Shares | null = null;
  #nextResult = 0;

  /** Makes calls on the connection of `session`. */
  constructor(session: CallingContext) {
    this.#session = session;
  }

  get remoteAddress(): string {
    return this.#session.channel.remoteAddress;
  }

  call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { calls: middleware } = this.#session.options.middleware;
    return middleware?.length
      ? this.#runThrough(middleware, path, args, options)
      : this.#call(path, args, options);
  }

  #runThrough(
    middleware: readonly CallMiddleware[],
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { remoteAddress } = this;
    const call: MadeCall = { path, remoteAddress, args, options };
    return runThrough(
      middleware,
      call,
      (call, changes) => ({ ...call, ...changes }),
      (call) => this.#call(call.path, call.args, call.options),
    );
  }

  #call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { channel, closing, hello } = this.#session;
    const isLeaving = closing.isDraining && channel.state.kind === "open";
    if (isLeaving && !path.startsWith(REFERENCE_PREFIX)) {
      const error = new ServerBusyError(
        `Cannot call '${path}': the other side is closing, call again over a new connection`,
      );
      return Promise.reject(asReceived(error));
    }
    return hello.isAwaited
      ? this.#sendAwaiting(path, args, options)
      : this.#send(path, args, options);
  }

  /**
   * Sends a call before the reply to the hello, if it does not depend on the
   * reply.
   */
  #sendAwaiting(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const sendGreeted = () =>
      this.#greeted(path, options).then((rest) => this.#send(path, args, rest));
    if (options.meta !== undefined) return sendGreeted();
    return this.#send(path, args, options).catch((error) => {
      const { cause } = isInstance(error, SerializationError) ? error : {};
      if (cause instanceof HelloAwaitedError) return sendGreeted();
      throw error;
    });
  }

  #send(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { channel, hello, options: { resolver } } = this.#session;
    const { isOneWay, isPiped, signal, watches } = options as CallTerms;
    // A signal can only cancel a pending call, which needs a reply.
    if (isOneWay && hello.takesOneWay && signal === undefined) {
      const sent = this.#sendOneWay(path, args, options);
      if (sent !== null) return sent;
    }
    let endShare: (() => void) | null = null;
    // While there is room, skip counting and the lookup of the target.
    if (resolver !== undefined && isCrowded(channel)) {
      const target = resolver.targetOf(path);
      try {
        if (target !== null) {
          this.#shares ??= new Shares();
          endShare = this.#shares.take(channel, target);
        }
      } catch (error) {
        return Promise.reject(error);
      }
    }
    const call = observed.by === null ? undefined : {};
    const report = call && { subject: call, path, args };
    // Only objects can be or hold streams. Most small calls pass none.
    const passing = args.some(isObject)
      ? new PassingCall(this.#session, path, args, options)
      : null;
    const context = new MessageContext("borrowed", passing);
    const replyContext: LeasedContext = {
      kind: "reply",
      signal,
      call,
      isPiped,
      watches,
    };
    // Listed one by one: spreading the options takes a tenth of this layer's
    // time.
    const terms = {
      signal,
      timeoutMs: options.timeoutMs,
      report,
      replyContext,
    };
    const content = this.#contentOf(path, args, options);
    const id = channel.counts.calls;
    const reply = channel.calls.send(content, terms, context);
    if (endShare !== null) reply.then(endShare, endShare);
    if (!context.isEmpty) {
      // No reply can have arrived yet.
      replyContext.lease = this.#lease(context, reply);
    }
    // A refused call gets no id; the next call will get this one.
    const hasId = channel.counts.calls !== id;
    if (
      hasId && (signal !== undefined || this.#timeoutMs(options) < Infinity)
    ) {
      this.#cancelWith(reply, id, signal);
    }
    return reply;
  }

  /** Returns the lease of the references and streams that a call has passed. */
  #lease(context: MessageContext, reply: Promise<unknown>): Lease {
    const { hello } = this.#session;
    // A peer without extensions may use references until the connection ends.
    const lease = new Lease(() => hello.ifExtended(() => context.discard()));
    const settle = () => lease.end();
    reply.then(settle, settle);
    return lease;
  }

  /** Tells the other side if a call is cancelled. */
  #cancelWith(
    reply: Promise<unknown>,
    id: number,
    signal: AbortSignal | undefined,
  ): void {
    reply.catch((error) => this.#cancel(id, error, signal));
  }

  /**
   * Sends a call without a reply. Returns `null` if it passes references or
   * streams: they live until the reply, so the call needs one.
   */
  #sendOneWay(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<void> | null {
    const { calls } = this.#session.channel;
    const report = observed.by === null
      ? undefined
      : { subject: {}, path, args };
    const content = this.#contentOf(path, args, options, true);
    try {
      return calls.sendOneWay(content, report, new OneWayContext());
    } catch (error) {
      const { cause } = isInstance(error, SerializationError) ? error : {};
      return cause instanceof ReplyNeededError ? null : Promise.reject(error);
    }
  }

  /**
   * Waits for the reply to the hello, within the timeout of the call of `path`.
   * Resolves to the call's options with the remaining time.
   */
  async #greeted(path: string, options: CallOptions): Promise<CallOptions> {
    const timeoutMs = this.#timeoutMs(options);
    const start = world.now();
    await this.#session.hello.wait(path, timeoutMs, options.signal);
    const leftMs = timeoutMs - (world.now() - start);
    return {
      ...options,
      timeoutMs: timeoutMs >= 0 ? Math.max(0, leftMs) : timeoutMs,
    };
  }

  #contentOf(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
    isOneWay = false,
  ): unknown {
    const { args: list, kwargs } = splitKwargs(withoutTrailing(args));
    const timeoutMs = this.#timeoutMs(options);
    const { meta, as } = options as CallTerms;
    const { hello } = this.#session;
    const origin = hello.takesTurns ? this.#origin(isOneWay) : null;
    const isPlain = meta === undefined && timeoutMs === Infinity &&
      as === undefined && !isOneWay && origin === null;
    if (isPlain || !hello.hasExtensions) return [path, list, kwargs];
    const terms = {
      ...(timeoutMs < Infinity && { timeoutMs }),
      ...(meta && { meta }),
      ...(as !== undefined && { as }),
      ...(isOneWay && { reply: false }),
      ...(origin !== null && { origin }),
    };
    return ["$/call", [path, list, kwargs, terms], {}];
  }

  #origin(isOneWay: boolean): CallOrigin | null {
    const { resolver } = this.#session.options;
    return resolver === undefined ? null : resolver.origin(!isOneWay);
  }

  #timeoutMs({ timeoutMs }: CallOptions): number {
    return timeoutMs ?? this.#session.channel.options.timeoutMs;
  }

  /**
   * Cancels a call on the other side, if it was cancelled after it was sent.
   */
  #cancel(id: number, error: unknown, signal: AbortSignal | undefined): void {
    const isCancelled = (signal?.aborted && error === signal.reason) ||
      (error instanceof TimeoutError && error.sent);
    if (isCancelled) this.#tell("$/cancel", id);
  }

  /** Resolves to whether the method at `path` may run twice. */
  async isIdempotent(path: string, options: CallOptions): Promise<boolean> {
    const rest = await this.#greeted(path, options);
    const { channel, hello } = this.#session;
    if (!hello.hasExtensions) return false;
    const content = ["$/idempotent", [path], {}];
    return await channel.calls.send(content, rest) === true;
  }

  keep(path: string, reference: object): void {
    if (!path.startsWith(REFERENCE_PREFIX)) return;
    emit(() => ({
      type: "reference-kept",
      subject: reference,
      holder: "local",
      isReturned: false,
      channel: this.#session.channel,
      call: currentCall(),
    }));
    this.#tell("$/keep", referenceKey(path));
  }

  release(path: string, reference: object): void {
    if (!path.startsWith(REFERENCE_PREFIX)) return;
    emit(() => ({ type: "ended", subject: reference }));
    this.#tell("$/release", referenceKey(path));
  }

  keepResult(): number | null {
    return this.#session.hello.takesPipes ? this.#nextResult++ : null;
  }

  forgetResult(key: number): void {
    this.#tell("$/forget", key);
  }

  /** Sends a request whose reply is ignored, to a peer with extensions. */
  #tell(path: string, key: number): void {
    const { channel, hello } = this.#session;
    // If the connection is gone, there is nothing to cancel or release.
    hello.ifExtended(() =>
      void channel.calls.send([path, [key], {}]).catch(() => {})
    );
  }
}

function isObject(value: unknown): boolean {
  return Object(value) === value;
}

/** Removes trailing `undefined` arguments, as if they were not given. */
function withoutTrailing(args: readonly unknown[]): readonly unknown[] {
  if (args.length === 0 || args[args.length - 1] !== undefined) return args;
  const count = args.findLastIndex((arg) => arg !== undefined) + 1;
  return count === args.length ? args : args.slice(0, count);
}
