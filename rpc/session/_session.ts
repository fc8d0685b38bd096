import {
  type Admission,
  type ArrivalContext,
  type ChannelHooks,
  type ConnectionChannel,
  connectionClosed,
  isThenable,
} from "../../channel/internal.ts";
import { queueMicrotask } from "../../transports/internal.ts";
import type { TypeEntry } from "../../channel/codecs/types/type_entry.ts";
import type { SessionContext } from "../_session_context.ts";
import type { CloseReason } from "../../channel/errors.ts";
import { runGuarded } from "../../channel/report.ts";
import type { IncomingRequest } from "../../channel/request.ts";
import {
  type Abortable,
  AbortListeners,
} from "../../channel/timers/abort_listeners.ts";
import { fromFailure } from "../_failure.ts";
import { MethodNotFoundError } from "../errors.ts";
import { type CallContent, isCall } from "../references/_call_content.ts";
import type { RpcClient, RpcStats } from "../rpc_client.ts";
import { disposeOf, References } from "../references/_references.ts";
import { isService, refuseClass } from "../service/service.ts";
import { NONE_BORROWED, ServedCalls } from "../serving/_served_calls.ts";
import { OutgoingStreams } from "../streams/_outgoing_streams.ts";
import { AdmissionControl } from "./_admission_control.ts";
import { SessionClient } from "./_client.ts";
import { Closing } from "./_closing.ts";
import { Heartbeat } from "./_heartbeat.ts";
import { Hello } from "./_hello.ts";
import { MadeCalls } from "./_made_calls.ts";
import {
  ANSWERED_ELSEWHERE,
  controlAt,
  EXTENDED_CALL,
  isControl,
  isExtensionPath,
  isOneWay,
} from "./_paths.ts";
import {
  type ResolvedSessionOptions,
  resolveSessionOptions,
  type SessionOptions,
} from "./_options.ts";
import { SessionType } from "./_session_type.ts";

/** Creates the service of one session, when it is first needed. */
export type RootFactory = (session: Session) => object;

/** Starts a session on a new channel. */
export type SessionStarter = (channel: ConnectionChannel) => Session;

/**
 * Returns a function that starts sessions, which serve `root` to the other
 * side.
 *
 * @throws {RangeError} If a number in the options is less than 1.
 * @throws {TypeError} If `root` exposes nothing or is a class, or if there are
 * credentials but the extensions, which send them, are off.
 */
export function sessionStarter(
  root: object | RootFactory | null,
  options: SessionOptions,
): SessionStarter {
  if (typeof root === "function") refuseClass(root);
  else if (root !== null) checkRoot(root);
  const resolved = resolveSessionOptions(options);
  return (channel) => new Session(channel, root, resolved);
}

function checkRoot(root: object): object {
  if (isService(root)) return root;
  throw new TypeError(
    "Cannot serve: the service exposes nothing, mark its methods with 'expose' or make it by 'service'",
  );
}

/** Admits the requests of all peers. */
const ADMITS_ALL: Admission = { isControl, isOneWay };

/**
 * One side of an RPC connection, which makes and serves calls. Its parts get
 * the session itself, and access each other through it once all are created.
 * The session also implements the hooks of its channel, because a closure for
 * each hook would take more memory.
 */
export class Session implements SessionContext, ChannelHooks {
  readonly channel: ConnectionChannel;
  readonly options: ResolvedSessionOptions;
  readonly aborting: AbortListeners<Abortable> = new AbortListeners();
  readonly heartbeat: Heartbeat = new Heartbeat(this);
  readonly calls: MadeCalls = new MadeCalls(this);
  readonly references: References = new References(this);
  readonly served: ServedCalls = new ServedCalls(this);
  readonly closing: Closing;
  readonly hello: Hello;
  readonly admission: AdmissionControl;
  readonly types: readonly TypeEntry[] = [new SessionType(this)];
  readonly admits: Admission;
  readonly #root: object | RootFactory | null;
  /** The service that the factory created for this session. */
  #made: object | null = null;
  // Created on demand, because there may be very many sessions.
  #data: SessionContext["data"] | null = null;
  #incoming: SessionContext["incoming"] | null = null;
  #streams: OutgoingStreams | null = null;
  #client: RpcClient | null = null;

  /** Starts `channel`. */
  constructor(
    channel: ConnectionChannel,
    root: object | RootFactory | null,
    options: ResolvedSessionOptions,
  ) {
    this.channel = channel;
    this.#root = root;
    this.options = options;
    this.hello = new Hello(this);
    this.closing = new Closing(this);
    const admission = new AdmissionControl(this);
    this.admission = admission;
    this.admits = options.authenticate === undefined ? ADMITS_ALL : {
      ...ADMITS_ALL,
      isUnadmitted: (content) => admission.holds(content),
    };
    this.#start();
  }

  #start(): void {
    const { channel } = this;
    const { middleware } = this.options;
    channel.start(this);
    channel.closed.then((reason) => {
      this.closing.end(reason);
      this.#end(reason);
    });
    // Sent at once, because an initiator that only serves would otherwise never
    // send a hello, and then could not send streams or detect a silent peer.
    this.hello.say();
    for (const observe of middleware.connections ?? []) {
      this.runCallback(() => observe(channel));
    }
  }

  runCallback(run: () => unknown): void {
    const { localAddress: address } = this.channel;
    const { onError } = this.options;
    runGuarded(run, (error) => onError(error, { kind: "callback", address }));
  }

  /** Data that methods and middleware store for the connection. */
  get data(): SessionContext["data"] {
    return this.#data ??= new Map();
  }

  get incoming(): SessionContext["incoming"] {
    return this.#incoming ??= new Set();
  }

  get streams(): OutgoingStreams {
    return this.#streams ??= new OutgoingStreams(this);
  }

  get client(): RpcClient {
    return this.#client ??= new SessionClient(this);
  }

  /** The service that this side offers, if any. */
  get root(): object | null {
    const root = this.#root;
    if (typeof root !== "function") return root;
    return this.#made ??= checkRoot((root as RootFactory)(this));
  }

  stats(): RpcStats {
    return {
      ...this.channel.stats(),
      runningCalls: this.served.size,
      references: this.references.size,
      streams: this.#streams?.size ?? 0,
    };
  }

  /** A method may borrow bytes only if it runs before `onRequest` returns. */
  borrowed(content: unknown): readonly unknown[] {
    const runsLater = !isCall(content) || this.hello.isAsked ||
      this.admission.holds(content);
    return runsLater ? NONE_BORROWED : this.served.borrowed(content);
  }

  requestContext(): ArrivalContext {
    return { kind: "request" };
  }

  onClosing(): void {
    this.closing.begin();
  }

  isServing(): boolean {
    return this.#streams?.isServing === true || this.closing.isAnnouncing;
  }

  encodeFailure(error: Error): unknown {
    return this.served.encodeFailure(error);
  }

  decodeFailure(content: unknown, origin: string): Error {
    return fromFailure(content, origin);
  }

  onRequest(request: IncomingRequest): void {
    const { content } = request;
    const isHello = isCall(content) && content[0] === "$/hello";
    if (!isHello) this.hello.expectNoMore();
    if (this.admission.holds(content)) {
      // Until the peer is admitted it gets no other data, and would consider
      // this side gone.
      if (isHello && this.options.extensions) {
        this.heartbeat.start("pinging");
      }
      this.admission.take(request);
    } else {
      this.serve(request);
    }
  }

  /** Serves a request of an admitted peer. */
  serve(request: IncomingRequest): void {
    if (this.hello.isAsked) this.#serveLater(request);
    else this.#serve(request);
  }

  /**
   * Serves a request after a possible reply to the hello that arrived just
   * before it has been handled: the result of the method may need the
   * extensions.
   */
  #serveLater(request: IncomingRequest): void {
    queueMicrotask(() => this.#serve(request));
  }

  #serve(request: IncomingRequest): void {
    const { content } = request;
    if (!isCall(content)) {
      return this.served.fail(
        request,
        new TypeError(
          "Cannot serve request: a call is a list of path, arguments and keyword arguments",
        ),
      );
    }
    if (isExtensionPath(content[0])) this.#serveExtension(request, content);
    else this.served.serve(request, content);
  }

  #serveExtension(request: IncomingRequest, [path, args]: CallContent): void {
    try {
      if (path === EXTENDED_CALL) {
        return this.served.serveExtended(request, args);
      }
      const isKnown = this.options.extensions || path !== "$/hello";
      const control = isKnown ? controlAt(path) : undefined;
      if (control === undefined) throw noExtension(path);
      const result = control(this, args, request);
      // Not awaited, so that the reply to a hello is sent first.
      if (!isThenable(result)) {
        this.#reply(request, result);
        // Before the calls that follow the hello are refused.
        if (path === "$/hello") this.closing.announce();
        else if (path === "$/drain") this.#leaveIfIdle();
        return;
      }
      result.then(
        (value) => this.#reply(request, value),
        (error) => this.served.fail(request, error),
      );
    } catch (error) {
      this.served.fail(request, error);
    }
  }

  /** Closes an idle connection, because the other side is closing it. */
  #leaveIfIdle(): void {
    const hasStreams = this.#incoming?.size || this.#streams?.size;
    if (!hasStreams) this.channel.leaveIfIdle();
  }

  #reply(request: IncomingRequest, result: unknown): void {
    if (result !== ANSWERED_ELSEWHERE) request.reply(result ?? null);
  }

  #end(reason: CloseReason): void {
    this.heartbeat.stop();
    this.hello.lose();
    this.admission.end();
    this.served.abortAll((path) =>
      connectionClosed(`answer '${path}'`, reason)
    );
    this.#streams?.endAll();
    for (const stream of [...this.#incoming ?? []]) {
      stream.lose(connectionClosed("continue stream", reason, true));
    }
    this.aborting.clear();
    this.references.clear();
    const made = this.#made;
    if (made !== null) this.runCallback(() => disposeOf(made));
  }
}

function noExtension(path: string): MethodNotFoundError {
  return new MethodNotFoundError(
    `Cannot call '${path}': this side has no such extension`,
  );
}
