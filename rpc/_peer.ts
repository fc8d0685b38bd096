import type { ConnectionChannel } from "../channel/_connection_channel.ts";
import type { TypeEntry } from "../channel/codecs/type_entry.ts";
import {
  type CloseReason,
  ConnectionClosedError,
  TimeoutError,
} from "../channel/errors.ts";
import type { Request } from "../channel/request.ts";
import type { CallOptions } from "./call_options.ts";
import { runAs } from "./call.ts";
import { MethodNotFoundError, UnsupportedByPeerError } from "./errors.ts";
import { fromFailure, toFailureRecord } from "./_failure.ts";
import { Heartbeat } from "./_heartbeat.ts";
import { IncomingStream } from "./_incoming_stream.ts";
import { joinKwargs, splitKwargs } from "./kwargs.ts";
import {
  OutgoingStreams,
  STREAM_PREFIX,
  type StreamBatch,
  type StreamWindow,
} from "./_outgoing_streams.ts";
import { REFERENCE_PREFIX, References } from "./_references.ts";
import { type Caller, makeRemote, remoteNode } from "./_remote_proxy.ts";
import { resolveMethod, type Target } from "./_resolve.ts";
import { type CallMeta, RunningCall } from "./_running_call.ts";

/** The version of the extensions that this side speaks. */
const VERSION = 1;
const FEATURES = ["call", "cancel", "ping", "references", "streams"];

/** How long the other side may take to answer a hello. */
const HELLO_MS = 5_000;

const NO_META: CallMeta = {};

/** What a {@linkcode Peer} is made with. */
export interface PeerOptions {
  /** The service that this side offers, if any. */
  readonly root: object | null;
  /** Whether this side says hello; the other one answers. */
  readonly saysHello: boolean;
  readonly timeoutMs: number;
  readonly heartbeatMs: number;
  readonly window: StreamWindow;
  /** Whether failures tell the stack. */
  readonly sendStacks: boolean;
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
  readonly #running = new Map<number, RunningCall>();
  #channel!: ConnectionChannel;
  #heartbeat!: Heartbeat;
  /** Whether the other side has extensions, as far as is known. */
  #extensions: "unknown" | "asked" | "yes" | "no" = "unknown";
  /** The call whose result is being packed: a stream in it keeps it running. */
  #packing: RunningCall | null = null;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.#references = new References({
      root: options.root,
      makeProxy: (path) => makeRemote(this, path),
      nodeOf: (value) => remoteNode(value),
      self: this,
      hasExtensions: () => this.hasExtensions,
    });
    this.#streams = new OutgoingStreams(options.window);
    this.entry = {
      matches: (value) => isStream(value) || this.#references.matches(value),
      pack: (value) =>
        isStream(value) ? this.#addStream(value) : this.#references.pack(value),
      unpack: (data) =>
        typeof data === "string" && data.startsWith(STREAM_PREFIX)
          ? this.#openStream(data)
          : this.#references.unpack(data),
    };
  }

  /** Takes the channel, which was made with this peer's parts. */
  attach(channel: ConnectionChannel): void {
    this.#channel = channel;
    this.#heartbeat = new Heartbeat({
      intervalMs: this.#options.heartbeatMs,
      owner: channel,
      receivedBytes: () => channel.stats().bytesIn,
      ping: () => this.#tell("$/ping", []),
      onSilence: () => channel.cut({ by: "error", reason: "heartbeat" }),
    });
    channel.closed.then((reason) => this.#end(reason));
  }

  get remoteAddress(): string {
    return this.#channel.remoteAddress;
  }

  /** Whether the other side is known to have extensions. */
  get hasExtensions(): boolean {
    return this.#extensions === "yes";
  }

  // Calls of this side

  call(
    path: string,
    args: readonly unknown[],
    options: CallOptions,
  ): Promise<unknown> {
    if (this.#extensions === "unknown" && this.#options.saysHello) {
      this.#sayHello();
    }
    const content = this.#callContent(path, args, options);
    const id = this.#channel.nextCallId;
    const { result: reply, release } = this.#references.collect(() =>
      this.#channel.send(content, options)
    );
    if (release !== null) reply.then(release, release);
    if (options.signal !== undefined || this.#timeoutMs(options) < Infinity) {
      reply.catch((error) => this.#cancel(id, error, options));
    }
    return reply;
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

  keep(path: string): void {
    this.#tell("$/keep", [referenceKey(path)]);
  }

  release(path: string): void {
    if (path.startsWith(REFERENCE_PREFIX)) {
      this.#tell("$/release", [referenceKey(path)]);
    }
  }

  /** Sends what needs no answer, to a peer that understands it. */
  #tell(path: string, args: readonly unknown[]): void {
    if (!this.hasExtensions) return;
    // A connection that is gone needs to be told nothing any more.
    this.#channel.send([path, args, {}]).catch(() => {});
  }

  #sayHello(): void {
    this.#extensions = "asked";
    const hello = { version: VERSION, features: FEATURES };
    this.#channel.send(["$/hello", [hello], {}], { timeoutMs: HELLO_MS }).then(
      () => this.#enableExtensions(),
      () => this.#extensions = "no",
    );
  }

  #enableExtensions(): void {
    this.#extensions = "yes";
    this.#heartbeat.start();
  }

  // Calls of the other side

  /** Serves a request. */
  handle(request: Request): void {
    const content = request.content;
    if (!isCall(content)) {
      return this.#fail(
        request,
        new TypeError(
          "Cannot serve request: a call is a list of path, arguments and keyword arguments",
        ),
      );
    }
    const [path, args, kwargs] = content;
    if (!path.startsWith("$/")) {
      this.#serve(request, content, Infinity, NO_META);
    } else if (path.startsWith(REFERENCE_PREFIX)) {
      this.#serve(request, content, Infinity, NO_META);
    } else {
      this.#serveExtension(request, path, args, kwargs);
    }
  }

  #serve(
    request: Request,
    [path, args, kwargs]: CallContent,
    timeoutMs: number,
    meta: CallMeta,
  ): void {
    const running = new RunningCall(request, path, this.#channel, {
      timeoutMs,
      meta,
    });
    this.#running.set(request.id, running);
    try {
      const { service, method } = this.#resolve(path);
      const result = runAs(
        running,
        () => method.apply(service, joinKwargs(args, kwargs) as unknown[]),
      );
      if (isThenable(result)) {
        result.then(
          (value) => this.#reply(request, running, value),
          (error) => this.#failRunning(request, running, error),
        );
      } else {
        this.#reply(request, running, result);
      }
    } catch (error) {
      this.#failRunning(request, running, error);
    }
  }

  #resolve(path: string): Target {
    const target = path.startsWith(REFERENCE_PREFIX)
      ? this.#references.resolve(path)
      : this.#options.root === null
      ? null
      : resolveMethod(this.#options.root, path);
    if (target !== null) return target;
    throw new MethodNotFoundError(
      `Cannot call '${path}': no such method is exposed, check its path and mark it with 'expose'`,
    );
  }

  #reply(request: Request, running: RunningCall, value: unknown): void {
    this.#packing = running;
    const { result: sent } = this.#references.collect(() =>
      request.reply(value)
    );
    this.#packing = null;
    // The caller has been told if the result could not be sent.
    sent.catch(() => {});
    if (!running.isStreaming) this.#endRunning(running);
  }

  #failRunning(request: Request, running: RunningCall, error: unknown): void {
    this.#endRunning(running);
    this.#fail(request, error);
  }

  #endRunning(running: RunningCall): void {
    running.end();
    if (this.#running.get(running.id) === running) {
      this.#running.delete(running.id);
    }
  }

  #fail(request: Request, error: unknown): void {
    const content = this.hasExtensions
      ? toFailureRecord(error, this.#options.sendStacks)
      : toError(error);
    // Data of an error that cannot be sent: the caller has been told so.
    request.fail(content).catch(() => {});
  }

  #serveExtension(
    request: Request,
    path: string,
    args: readonly unknown[],
    kwargs: Readonly<Record<string, unknown>>,
  ): void {
    try {
      if (path === "$/call") return this.#serveExtended(request, args);
      const result = this.#extension(path, args, kwargs);
      if (!isThenable(result)) return void request.reply(result);
      result.then(
        (value) => request.reply(value).catch(() => {}),
        (error) => this.#fail(request, error),
      );
    } catch (error) {
      this.#fail(request, error);
    }
  }

  #serveExtended(
    request: Request,
    [path, args, kwargs, meta]: readonly unknown[],
  ): void {
    const content = [path, args, kwargs];
    if (!isCall(content) || !isRecord(meta)) {
      throw new TypeError(
        "Cannot serve request: '$/call' takes a path, arguments, keyword arguments and a map",
      );
    }
    const { timeoutMs, meta: own } = meta;
    this.#serve(
      request,
      content,
      typeof timeoutMs === "number" ? timeoutMs : Infinity,
      isRecord(own) ? own : NO_META,
    );
  }

  #extension(
    path: string,
    [first, second]: readonly unknown[],
    _kwargs: unknown,
  ): unknown {
    switch (path) {
      case "$/hello":
        this.#enableExtensions();
        return { version: VERSION, features: FEATURES };
      case "$/ping":
        return null;
      case "$/cancel":
        this.#running.get(Number(first))?.abort(
          new DOMException("The caller gave the call up", "AbortError"),
        );
        return null;
      case "$/keep":
        return this.#references.keep(Number(first)) ?? null;
      case "$/release":
        return this.#references.release(Number(first)) ?? null;
      case "$/next":
        return this.#streams.next(Number(first), Number(second));
      case "$/return":
        return this.#streams.return(Number(first));
      default:
        throw new MethodNotFoundError(
          `Cannot call '${path}': this side has no such extension`,
        );
    }
  }

  // Streams

  #addStream(stream: AsyncIterable<unknown>): string {
    if (!this.hasExtensions) {
      throw new UnsupportedByPeerError(
        "Cannot send a stream: the other side has no extensions, send lists",
      );
    }
    const running = this.#packing;
    if (running !== null) running.isStreaming = true;
    return this.#streams.add(stream, () => {
      if (running === null) return;
      running.abort(new DOMException("The stream has ended", "AbortError"));
      this.#endRunning(running);
    });
  }

  #openStream(path: string): IncomingStream {
    const key = Number(path.slice(STREAM_PREFIX.length));
    return new IncomingStream({
      next: (consumed) =>
        this.#channel.send(["$/next", [key, consumed], {}]) as Promise<
          StreamBatch
        >,
      return: async () => {
        try {
          await this.#channel.send(["$/return", [key], {}]);
        } catch (error) {
          // Then the producer has ended, or will at once.
          if (!(error instanceof ConnectionClosedError)) throw error;
        }
      },
    });
  }

  // The end

  #end(reason: CloseReason): void {
    this.#heartbeat.stop();
    this.#streams.endAll();
    const running = [...this.#running.values()];
    this.#running.clear();
    for (const call of running) {
      const text = `Cannot answer '${call.path}': ${reason.reason}`;
      call.abort(new ConnectionClosedError(text, reason, false));
    }
    this.#references.clear();
  }

  stats(): PeerStats {
    return {
      runningCalls: this.#running.size,
      references: this.#references.size,
      streams: this.#streams.size,
    };
  }

  /** Makes an error of a failure's content. */
  toError(content: unknown, origin: string): Error {
    return fromFailure(content, origin);
  }
}

type CallContent = readonly [
  path: string,
  args: readonly unknown[],
  kwargs: Readonly<Record<string, unknown>>,
];

function isCall(content: unknown): content is CallContent {
  return Array.isArray(content) && content.length === 3 &&
    typeof content[0] === "string" && Array.isArray(content[1]) &&
    isRecord(content[2]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
}

function isStream(value: object): value is AsyncIterable<unknown> {
  return typeof value === "object" && Symbol.asyncIterator in value;
}

function referenceKey(path: string): number {
  return Number(path.slice(REFERENCE_PREFIX.length).split("/")[0]);
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
