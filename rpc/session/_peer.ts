// Longer than most files: what one side of a connection says and hears below
// `$/` stands together, and the parts that stand alone have files of their own.
import { connectionClosed } from "../../channel/internal.ts";
import type { ConnectionChannel } from "../../channel/internal.ts";
import type { TypeEntry } from "../../channel/codecs/types/type_entry.ts";
import {
  type CloseReason,
  ConnectionClosedError,
  TimeoutError,
} from "../../channel/errors.ts";
import type { ArrivalContext } from "../../channel/message_context.ts";
import type { IncomingRequest } from "../../channel/request.ts";
import { observed } from "../../transports/internal.ts";
import { outcomeOf, type RpcEvent } from "../_events.ts";
import { currentCall } from "../serving/_current_call.ts";
import type { Limits } from "../../channel/limits/limits.ts";
import type { OnError } from "../../channel/report.ts";
import { AbortListeners } from "../../channel/timers/abort_listeners.ts";
import type { Authenticate } from "../authenticate.ts";
import { isCall, isRecord, isThenable } from "../serving/_call_content.ts";
import type { CallOptions } from "../call.ts";
import { MethodNotFoundError, UnsupportedByPeerError } from "../errors.ts";
import { fromFailure } from "../_failure.ts";
import { AdmissionControl } from "./_admission_control.ts";
import { Heartbeat, MISSES } from "./_heartbeat.ts";
import { Hello } from "./_hello.ts";
import {
  type BindStream,
  IncomingStream,
  type StreamSource,
} from "../streams/_incoming_stream.ts";
import { splitKwargs } from "../kwargs.ts";
import type { CallMiddleware, MadeCall } from "../middleware.ts";
import { runThrough } from "../serving/_run_through.ts";
import {
  isStream,
  OutgoingStreams,
  STREAM_PREFIX,
  type StreamBatch,
  type StreamWindow,
} from "../streams/_outgoing_streams.ts";
import {
  asMessageContext,
  MessageContext,
} from "../references/_message_context.ts";
import type { AddressResolver } from "../references/_addressable.ts";
import {
  REFERENCE_PREFIX,
  referenceKey,
  References,
} from "../references/_references.ts";
import type { Caller } from "../references/_remote_proxy.ts";
import { sendBatch } from "../streams/_send_batch.ts";
import {
  ServedCalls,
  type ServedCallsOptions,
} from "../serving/_served_calls.ts";

/**
 * So many heartbeats may be missed by who has been called, and has not answered
 * the hello: aiomas runs the method of the first call before it sends what it
 * says to the hello, and can do nothing else while that computes.
 */
const CALLED_MISSES = 39;

/** What a {@linkcode Peer} is made with. */
export interface PeerOptions extends
  Omit<
    ServedCallsOptions,
    "references" | "hasExtensions" | "identity"
  > {
  /** Whether this side says hello: the one that connects does. */
  readonly saysHello: boolean;
  /** Whether to have extensions if the other side has them, too. */
  readonly extensions: boolean;
  readonly timeoutMs: number;
  readonly heartbeatMs: number;
  readonly window: StreamWindow;
  /** How many references the other side may have at once. */
  readonly maxReferences: number;
  /** How what has an address travels, if this side knows. */
  readonly places: AddressResolver | null;
  /** Runs around calls that this side makes. */
  readonly calling: readonly CallMiddleware[];
  /** Tells who the other side is; `null` where anybody may call. */
  readonly authenticate: Authenticate | null;
  readonly authenticateMs: number;
  /** Who the other side is, where nobody has to ask. */
  readonly identity: unknown;
  /** What to show to the other side, or what returns that. */
  readonly credentials: unknown;
  readonly limits: Limits;
  readonly onError: OnError;
}

/** Sizes of a peer's tables. */
export interface PeerStats {
  /** Methods of this side that are running. */
  readonly runningCalls: number;
  /** Functions and services that the other side may call by reference. */
  readonly references: number;
  /** Streams that this side produces. */
  readonly streams: number;
}

/** One side of an RPC connection: it calls, and serves calls. */
export class Peer implements Caller {
  /** The custom type in which services, functions and streams travel. */
  readonly entry: TypeEntry;

  readonly #options: PeerOptions;
  readonly #references: References;
  readonly #streams: OutgoingStreams;
  readonly #served: ServedCalls;
  /** What ends streams of the other side. */
  readonly #aborting = new AbortListeners();
  #channel!: ConnectionChannel;
  #hello!: Hello;
  #heartbeat!: Heartbeat;
  #admission: AdmissionControl | null = null;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#references = new References({
      root: options.root,
      self: this,
      hasExtensions: () => this.hasExtensions,
      places: options.places,
      takesPlaces: () => this.#hello.takesPlaces,
      maxReferences: options.maxReferences,
      budget: () => this.#channel.budget,
      channel: () => this.#channel,
    });
    this.#streams = new OutgoingStreams(
      () => this.#hello.narrow(options.window),
      () => this.#channel.budget,
      () => this.#channel,
    );
    this.#served = new ServedCalls({
      ...options,
      references: this.#references,
      hasExtensions: () => this.hasExtensions,
      identity: () => this.identity,
    });
    this.entry = {
      matches: (value) => isStream(value) || this.#references.matches(value),
      pack: (value, context) =>
        isStream(value)
          ? this.#addStream(value, asMessageContext(context))
          : this.#references.pack(value, context),
      unpack: (data, context) =>
        typeof data === "string" && data.startsWith(STREAM_PREFIX)
          ? this.#openStream(data, (context as ArrivalContext).signal)
          : this.#references.unpack(data, context),
    };
  }

  /** Takes the channel, which was made with this peer's parts. */
  attach(channel: ConnectionChannel): void {
    this.#channel = channel;
    observed.by?.event({ type: "session-started", channel } as RpcEvent);
    this.#heartbeat = new Heartbeat({
      intervalMs: this.#options.heartbeatMs,
      owner: channel,
      receivedBytes: () => channel.receivedBytes,
      ping: () => this.#askForLife(),
      misses: () => this.#misses,
      onSilence: () =>
        channel.cut({
          by: "error",
          code: "heartbeat",
          message: "the peer gave no sign of life",
        }),
    });
    this.#hello = this.#makeHello(channel);
    this.#admission = this.#makeAdmission(channel);
    channel.closed.then((reason) => this.#end(reason));
    // At once: a side that only serves would never ask, and get no streams to
    // send; and who says nothing at all is let go of after a while.
    this.#hello.say();
  }

  #makeHello(channel: ConnectionChannel): Hello {
    const { saysHello, extensions, places, credentials } = this.#options;
    return new Hello({
      saysHello,
      extensions,
      hasPlaces: places !== null,
      window: this.#options.window,
      credentials,
      owner: channel,
      send: (content) => channel.send(content, { timeoutMs: Infinity }),
      onBegun: () => this.#heartbeat.start(),
      onPlain: () => this.#heartbeat.stop(),
      onRefused: (reason) => channel.cut(reason),
    });
  }

  #makeAdmission(channel: ConnectionChannel): AdmissionControl | null {
    const { authenticate, saysHello, limits, onError } = this.#options;
    if (authenticate === null) return null;
    return new AdmissionControl({
      authenticate,
      timeoutMs: this.#options.authenticateMs,
      limits,
      isInitiator: saysHello,
      channel,
      serve: (request) => this.#take(request),
      fail: (request, error) => this.#served.fail(request, error),
      isHarmless,
      report: (error) =>
        onError(error, { kind: "authenticate", address: this.remoteAddress }),
    });
  }

  /** Who the other side is, as far as this side was told. */
  get identity(): unknown {
    return this.#admission === null
      ? this.#options.identity
      : this.#admission.identity;
  }

  /** Whether a request waits until it is known who the other side is. */
  holds(content: unknown): boolean {
    return this.#admission?.holds(content) ?? false;
  }

  /** Resolves to whether the other side may call; `null` if anybody may. */
  get admitted(): Promise<boolean> | null {
    return this.#admission?.admitted ?? null;
  }

  /**
   * Resolves when the other side has taken the credentials of this one, and
   * rejects if it does not; `null` if there are none.
   */
  authenticate(): Promise<void> | null {
    return this.#hello.authenticate();
  }

  get remoteAddress(): string {
    return this.#channel.remoteAddress;
  }

  /** Whether the other side is known to have extensions. */
  get hasExtensions(): boolean {
    return this.#hello.hasExtensions;
  }

  // Calls of this side

  call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const { calling } = this.#options;
    if (calling.length === 0) return this.#call(path, args, options);
    const { remoteAddress } = this;
    const call: MadeCall = { path, remoteAddress, args, options };
    return runThrough(
      calling,
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
    this.#hello.say();
    if (this.#hello.isAwaited && needsExtensions(args, options)) {
      return this.#callOnceGreeted(path, args, options);
    }
    const content = this.#callContent(path, args, options);
    const id = this.#channel.callsMade;
    const context = new MessageContext("borrowed");
    const reply = this.#channel.send(content, options, context);
    if (!context.isEmpty) this.#releaseAfter(reply, context);
    // A call that was refused has no id, and the next one gets this.
    const wasSent = this.#channel.callsMade !== id;
    if (wasSent && observed.by !== null) {
      this.#observe({ reply, id, path, args, options });
    }
    const mayEnd = options.signal !== undefined ||
      this.#timeoutMs(options) < Infinity;
    if (wasSent && mayEnd) {
      reply.catch((error) => this.#cancel(id, error, options));
    }
    return reply;
  }

  #observe({ reply, id, path, args, options }: {
    readonly reply: Promise<unknown>;
    readonly id: number;
    readonly path: string;
    readonly args: readonly unknown[];
    readonly options: CallOptions;
  }): void {
    const [call, channel] = [{}, this.#channel];
    const emit = (event: RpcEvent) => observed.by?.event(event);
    emit({ type: "call-started", call, side: "made", channel, id, path, args });
    reply.then(
      () => emit({ type: "call-ended", call, outcome: "result" }),
      (error) => {
        const outcome = outcomeOf(error, options.signal);
        emit({ type: "call-ended", call, outcome, error });
      },
    );
  }

  async #callOnceGreeted(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    const rest = await this.#greeted(path, options);
    return await this.#call(path, args, rest);
  }

  /**
   * Waits for the answer to the hello, which counts as part of the call of
   * `path`. Resolves to the options for the rest of it.
   */
  async #greeted(path: string, options: CallOptions): Promise<CallOptions> {
    const timeoutMs = this.#timeoutMs(options);
    const start = performance.now();
    await this.#hello.wait(path, timeoutMs, options.signal);
    const leftMs = timeoutMs - (performance.now() - start);
    return {
      ...options,
      timeoutMs: timeoutMs >= 0 ? Math.max(0, leftMs) : timeoutMs,
    };
  }

  /**
   * What a call passed ends with it, if the other side knows of that: a peer
   * without extensions may use a reference until the connection ends. What the
   * method has not begun to read, it will not read any more.
   */
  #releaseAfter(reply: Promise<unknown>, context: MessageContext): void {
    const release = () => {
      if (this.hasExtensions) context.release();
      else if (this.#hello.isAwaited) this.#hello.answered.then(release);
    };
    const settled = () => {
      for (const stream of context.streams) {
        if (!stream.isStarted) stream.drop();
      }
      release();
    };
    reply.then(settled, settled);
  }

  #callContent(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): unknown {
    const { args: list, kwargs } = splitKwargs(args);
    const timeoutMs = this.#timeoutMs(options);
    if (options.meta === undefined && timeoutMs === Infinity) {
      return [path, list, kwargs];
    }
    if (!this.hasExtensions) return [path, list, kwargs];
    const meta = {
      ...(timeoutMs < Infinity && { timeoutMs }),
      ...(options.meta && { meta: options.meta }),
    };
    return ["$/call", [path, list, kwargs, meta], {}];
  }

  #timeoutMs({ timeoutMs }: CallOptions): number {
    return timeoutMs ?? this.#options.timeoutMs;
  }

  /** A call that was given up after it was sent ends on the other side, too. */
  #cancel(id: number, error: unknown, { signal }: CallOptions): void {
    const isGivenUp = (signal?.aborted && error === signal.reason) ||
      (error instanceof TimeoutError && error.sent);
    if (isGivenUp) this.#tell("$/cancel", [id]);
  }

  /** Whether the other side says that the method at `path` may run twice. */
  async isIdempotent(path: string, options: CallOptions): Promise<boolean> {
    this.#hello.say();
    const rest = await this.#greeted(path, options);
    if (!this.hasExtensions) return false;
    const content = ["$/idempotent", [path], {}];
    return await this.#channel.send(content, rest) === true;
  }

  keep(path: string, reference: object): void {
    if (path.startsWith(REFERENCE_PREFIX)) {
      observed.by?.event(
        {
          type: "reference-kept",
          reference,
          holder: "local",
          channel: this.#channel,
          call: currentCall(),
        } as RpcEvent,
      );
      this.#tell("$/keep", [referenceKey(path)]);
    }
  }

  release(path: string, reference: object): void {
    if (path.startsWith(REFERENCE_PREFIX)) {
      observed.by?.event(
        { type: "reference-released", reference } as RpcEvent,
      );
      this.#tell("$/release", [referenceKey(path)]);
    }
  }

  /** Sends what needs no answer, to a peer that understands it. */
  #tell(path: string, args: readonly unknown[]): void {
    if (this.#hello.isAwaited) {
      return void this.#hello.answered.then(() => this.#tell(path, args));
    }
    if (this.hasExtensions) this.#sendOff(path, args);
  }

  #sendOff(path: string, args: readonly unknown[]): void {
    // A connection that is gone needs to be told nothing any more.
    this.#channel.send([path, args, {}]).catch(() => {});
  }

  /** How many heartbeats may be missed as things are now. */
  get #misses(): number {
    const isCalled = this.#hello.isUnanswered &&
      this.#channel.callsMade > 1;
    return isCalled ? CALLED_MISSES : MISSES;
  }

  /**
   * A hello without an answer asks by itself. Who passed it over, and answered
   * what came later, is there and knows nothing of pings.
   */
  #askForLife(): void {
    if (!this.#hello.isUnanswered) return this.#sendOff("$/ping", []);
    if (this.#channel.repliesReceived > 0) this.#heartbeat.stop();
  }

  // Calls of the other side

  /** Serves a request. */
  handle(request: IncomingRequest): void {
    if (this.#hello.isExpected && !isHello(request.content)) {
      this.#hello.expectNoMore();
    }
    if (!this.#admission?.holds(request.content)) return this.#take(request);
    // The other side hears nothing else before it is let in, and would take
    // this one for gone.
    if (isHello(request.content) && this.#options.extensions) {
      this.#heartbeat.start();
    }
    this.#admission.handle(request);
  }

  #take(request: IncomingRequest): void {
    if (!this.#hello.isAsked) return this.#handle(request);
    // An answer to the hello that came just before is taken note of first, as
    // what the method returns may need the extensions.
    queueMicrotask(() => this.#handle(request));
  }

  #handle(request: IncomingRequest): void {
    const { content } = request;
    if (!isCall(content)) {
      return this.#served.fail(
        request,
        new TypeError(
          "Cannot serve request: a call is a list of path, arguments and keyword arguments",
        ),
      );
    }
    const [path, args] = content;
    if (isExtension(path)) this.#serveExtension(request, path, args);
    else this.#served.serve(this.#channel, request, content);
  }

  #serveExtension(
    request: IncomingRequest,
    path: string,
    args: readonly unknown[],
  ): void {
    try {
      if (path === "$/call") return this.#serveExtended(request, args);
      if (path === "$/next") return this.#serveNext(request, args);
      const result = this.#extension(path, args);
      // At once, so that the answer to a hello is the first of all.
      if (!isThenable(result)) return void request.reply(result);
      result.then(
        (value) => void request.reply(value),
        (error) => this.#served.fail(request, error),
      );
    } catch (error) {
      this.#served.fail(request, error);
    }
  }

  #serveNext(
    request: IncomingRequest,
    [key, consumed]: readonly unknown[],
  ): void {
    this.#streams.next(
      toKey(key),
      toKey(consumed),
      (batch) => {
        const sent = sendBatch(request, batch);
        if (sent > 0) this.#channel.giveBackFrame();
        return sent;
      },
      (write) => this.#channel.whenRoom(write),
    ).catch((error) => this.#served.fail(request, error));
  }

  #serveExtended(
    request: IncomingRequest,
    [path, args, kwargs, terms]: readonly unknown[],
  ): void {
    const content = [path, args, kwargs];
    if (!isCall(content) || !isRecord(terms)) {
      throw new TypeError(
        "Cannot serve request: '$/call' takes a path, arguments, keyword arguments and a map",
      );
    }
    const { timeoutMs, meta } = terms;
    this.#served.serve(this.#channel, request, content, {
      timeoutMs: typeof timeoutMs === "number" ? timeoutMs : Infinity,
      meta: isRecord(meta) ? meta : {},
    });
  }

  #extension(
    path: string,
    [first]: readonly unknown[],
  ): unknown {
    switch (path) {
      case "$/hello":
        if (!this.#options.extensions) break;
        return this.#hello.take(first);
      case "$/ping":
        return null;
      case "$/cancel":
        return this.#served.cancel(toKey(first));
      case "$/keep":
        return this.#references.keep(toKey(first));
      case "$/release":
        return this.#references.release(toKey(first));
      case "$/idempotent":
        return this.#served.isIdempotent(first);
      case "$/return":
        return this.#streams.return(toKey(first));
    }
    throw new MethodNotFoundError(
      `Cannot call '${path}': this side has no such extension`,
    );
  }

  // Streams

  #addStream(
    stream: AsyncIterable<unknown>,
    context: MessageContext | null,
  ): string {
    if (!this.hasExtensions) {
      throw new UnsupportedByPeerError(
        "Cannot send a stream: the other side has no extensions, send lists",
      );
    }
    const running = context?.running ?? null;
    const options = running === null ? {} : this.#served.holdForStream(running);
    return this.#streams.add(stream, { ...options, context });
  }

  /**
   * The call that asked for a stream is over when that begins; the call's
   * `signal` is not, and goes on to streams in the items as well.
   */
  #openStream(path: string, signal: AbortSignal | undefined): IncomingStream {
    const key = Number(path.slice(STREAM_PREFIX.length));
    const source: StreamSource = {
      window: this.#options.window,
      budget: this.#channel.budget,
      next: (consumed, onResult) =>
        // A deadline for calls is none for a stream that has nothing to tell.
        this.#channel.send(["$/next", [key, consumed], {}], {
          timeoutMs: Infinity,
          onResult,
          ...(signal !== undefined && { signal }),
        }).catch(throwAsSent) as Promise<StreamBatch>,
      return: async () => {
        try {
          await this.#channel.send(["$/return", [key], {}]);
        } catch (error) {
          // Then the producer has ended, or will at once.
          if (!(error instanceof ConnectionClosedError)) throw error;
        }
      },
    };
    const stream = new IncomingStream(source, signal && this.#boundTo(signal));
    observed.by?.event(
      {
        type: "stream-opened",
        stream,
        side: "consumed",
        channel: this.#channel,
        call: null,
      } as RpcEvent,
    );
    return stream;
  }

  #boundTo(signal: AbortSignal): BindStream {
    return (abort) => {
      const stream = { abort };
      this.#aborting.add(signal, stream);
      return () => this.#aborting.remove(stream);
    };
  }

  // The end

  #end(reason: CloseReason): void {
    this.#heartbeat.stop();
    this.#hello.lose();
    this.#admission?.end();
    this.#served.abortAll((path) => {
      return connectionClosed(`answer '${path}'`, reason);
    });
    this.#streams.endAll();
    this.#aborting.clear();
    this.#references.clear();
  }

  stats(): PeerStats {
    return {
      runningCalls: this.#served.size,
      references: this.#references.size,
      streams: this.#streams.size,
    };
  }

  /** The content of a failure, in the form that the other side reads. */
  toFailure(error: Error): unknown {
    return this.#served.toFailure(error);
  }

  /** Makes an error of a failure's content. */
  toError(content: unknown, origin: string): Error {
    return fromFailure(content, origin);
  }
}

/**
 * Whether the content of a request, not yet revived, is of those by which RPC
 * steers calls, such as a `$/cancel`.
 */
export function isControl(content: unknown): boolean {
  return isCall(content) && CONTROLS.has(content[0]);
}

const CONTROLS: ReadonlySet<string> = new Set([
  "$/cancel",
  "$/hello",
  "$/idempotent",
  "$/keep",
  "$/next",
  "$/ping",
  "$/release",
  "$/return",
]);

/** Whether the content of a request is a hello. */
function isHello(content: unknown): boolean {
  return isCall(content) && content[0] === "$/hello";
}

/**
 * Whether the content of a request uses nothing but what this side has passed to
 * the other, or steers that.
 */
function isHarmless(content: unknown): boolean {
  if (!isCall(content)) return false;
  if (content[0] !== "$/call") {
    return isControl(content) || content[0].startsWith(REFERENCE_PREFIX);
  }
  const [path] = content[1];
  return typeof path === "string" && path.startsWith(REFERENCE_PREFIX);
}

/** Whether a path is none that a service could have, nor a reference's. */
function isExtension(path: string): boolean {
  return path.startsWith("$/") && !path.startsWith(REFERENCE_PREFIX);
}

/** The method of a stream has run, whether or not more could be asked for. */
function throwAsSent(error: unknown): never {
  if (!(error instanceof ConnectionClosedError) || error.sent) throw error;
  const { message, by, code, cause } = error;
  throw new ConnectionClosedError(message, { by, code, sent: true, cause });
}

/** Whether a call makes no sense to a peer without extensions. */
function needsExtensions(
  args: readonly unknown[],
  { meta }: CallOptions,
): boolean {
  return meta !== undefined ||
    args.some((arg) => isStream(arg));
}

/** A key or id that the other side sent; none for what is no number. */
function toKey(value: unknown): number {
  return typeof value === "number" ? value : NaN;
}
