// Longer than most files: all requests of a container to others share its
// connections and their retries.
import {
  abortable,
  Backoff,
  type BackoffOptions,
  checkRange,
  type ConnectionChannel,
  Ending,
  Totals,
  within,
} from "../../channel/internal.ts";
import {
  ConnectionClosedError,
  ServerBusyError,
  TimeoutError,
} from "../../channel/errors.ts";
import { resolveLimits } from "../../channel/limits/limits.ts";
import { channelOn } from "../../channel/open.ts";
import { resolveOptions } from "../../channel/options.ts";
import { AgentNotFoundError, AuthenticationError } from "../../rpc/errors.ts";
import {
  type AddressResolver,
  asReceived,
  openSession,
  remoteNode,
  type Session,
  type SessionOptions,
  type SessionStarter,
  sessionStarter,
} from "../../rpc/internal.ts";
import { ConnectError } from "../../transports/errors.ts";
import { observed } from "../../transports/internal.ts";
import { memoryPair } from "../../transports/memory.ts";
import type { ContainerContext } from "../_container_context.ts";
import { parseAgentAddress, parsePlacedAddress } from "../address.ts";
import { stopwatch, waitByEither } from "../clock/_clock_waits.ts";
import type { ConnectOptions } from "../container_options.ts";
import type { ContainerService } from "../supervision/_container_service.ts";
import { AgentAddresses } from "./_agent_addresses.ts";
import { Traffic } from "./_traffic.ts";
import type { AgentFinder } from "./_agent_finder.ts";
import { Link, type Route } from "./_link.ts";
import { Proxies } from "./_proxies.ts";
import { Attempts } from "./_attempts.ts";
import { AgentCaller, type WaitForAttempt } from "./_agent_caller.ts";

/** The prefix of the keys of connections that show no credentials. */
const BARE = "bare ";

/**
 * The connections that a container has made, one to each other container. There
 * may be a second one to a container if this one has credentials, and one of
 * the two must not show them.
 */
export class Links {
  /** The number of connections made since the start. */
  opened = 0;
  /** The counts of the channels of this container, including ended ones. */
  readonly totals: Totals = new Totals();
  /** Resolves agents by their addresses. */
  readonly resolver: AddressResolver;
  /** The finders of agents without a fixed container, by address prefix. */
  readonly finders: Map<string, AgentFinder> = new Map();
  /** The traffic on the connections of the container. */
  readonly traffic: Traffic = new Traffic();
  readonly #addresses: AgentAddresses;
  readonly #proxies = new Proxies();
  readonly #context: ContainerContext;
  readonly #service: ContainerService;
  readonly #links = new Map<string, Link>();
  readonly #attempts = new Attempts();
  readonly #ending: Ending;
  /** The far end of the container's connection to itself. */
  #ownEnd: ConnectionChannel | null = null;
  #isRef = true;

  /** `service` is offered to the other side. */
  constructor(context: ContainerContext, service: ContainerService) {
    this.#context = context;
    this.#service = service;
    this.#addresses = new AgentAddresses(context, service.agents, this);
    this.resolver = this.#addresses;
    this.#ending = new Ending(() => context.closedError("wait for an agent"));
  }

  /** The number of open connections. */
  get size(): number {
    return this.#links.size;
  }

  /** The number of connection attempts in progress. */
  get attempts(): number {
    return this.#attempts.size;
  }

  /** The number of remembered proxies. */
  get proxies(): number {
    return this.#proxies.size;
  }

  /** Whether no new connections are made any more. */
  get isEnding(): boolean {
    return this.#ending.isOver;
  }

  /**
   * Returns the proxy for the agent at `address`, whether or not it exists.
   * Calls of the proxy wait for up to `retryForMs` while the agent is away.
   */
  named(address: string, type: string, retryForMs: number): object {
    return this.#addresses.named({ address, type }, null, retryForMs);
  }

  /**
   * Returns the proxy for the agent at `address`, after asking whether it
   * exists.
   */
  async agent(
    address: string,
    { retryForMs = 0, signal }: ConnectOptions = {},
  ): Promise<object> {
    checkRange("retryForMs", retryForMs, 0);
    const { container, id } = parsePlacedAddress(address, "connect to");
    const key = `${retryForMs} ${address}`;
    const again = this.retries(retryForMs);
    for (;;) {
      try {
        const asking = this.#ask(
          container,
          (it) => it.find(id, signal),
          signal,
        );
        const { type, route } = await this.#translated(container, asking);
        const place = { address, type };
        const make = () => this.#addresses.named(place, route, retryForMs);
        const proxy = this.#proxies.take(key, type, make);
        // A known proxy may still have a route that is over.
        const { caller } = remoteNode(proxy)!;
        if (caller instanceof AgentCaller) caller.take(route);
        return proxy;
      } catch (error) {
        if (error instanceof AgentNotFoundError) this.#proxies.delete(key);
        if (!isPassing(error)) throw error;
        await again(error, signal);
      }
    }
  }

  /**
   * Returns a function that waits before each further attempt, for growing
   * times, and throws the error of the last attempt once `retryForMs` are over.
   */
  retries(retryForMs: number, waits?: BackoffOptions): WaitForAttempt {
    const { clock, random } = this.#context;
    const elapsedMs = stopwatch(clock);
    const backoff = new Backoff(waits, undefined, random);
    return async (error, signal, atMostMs = Infinity) => {
      const leftMs = Math.min(retryForMs - elapsedMs(), atMostMs);
      if (leftMs <= 0) throw error;
      const waitMs = Math.min(backoff.next(), leftMs);
      await this.#ending.before(
        signal,
        (ending) => waitByEither(clock, waitMs, ending),
      );
    };
  }

  /**
   * Returns the finder for the agent at `address`, if it has no fixed
   * container.
   */
  finderOf(address: string): AgentFinder | undefined {
    // Not validated: a peer may have sent the address; an error is reported
    // when it is used.
    return this.finders.get(address.slice(0, address.lastIndexOf("/")));
  }

  /** Returns the route to the agent at `address`, which may not exist. */
  async route(address: string, signal?: AbortSignal): Promise<Route> {
    const { container, id } = parseAgentAddress(address);
    const finder = this.finderOf(address);
    if (finder !== undefined) return await finder.find(id, signal);
    const asking = this.#ask(container, (it) => it.route(id, signal), signal);
    return await this.#translated(container, asking);
  }

  /**
   * Returns the shared connection to the container at `address`, which may be
   * this container.
   */
  async shared(address: string, signal?: AbortSignal): Promise<Link> {
    return await this.#translated(
      address,
      this.#ask(address, (link) => link.greeted(signal), signal),
    );
  }

  /** Resolves when an agent of another container is gone. */
  async watch(
    address: string,
    signal: AbortSignal | undefined,
  ): Promise<{ scope: "agent" | "container"; message: string }> {
    const { container, id } = parsePlacedAddress(address, "watch");
    try {
      const message = await this.#ending.before(signal, (ending) => {
        const ask = (link: Link) => link.watch(id, ending);
        return this.#ask(container, ask, ending, false);
      });
      return { scope: "agent", message };
    } catch (error) {
      // The end of this container ends its connections, but not the agent.
      if (this.isEnding) throw this.#context.closedError(`watch '${address}'`);
      if (!isLoss(error)) throw error;
      return { scope: "container", message: error.message };
    }
  }

  /**
   * Asks the container of the agent at `address`, as `Link.confirms` does.
   * Closes the connection afterwards, unless something else has used it.
   */
  async confirms(
    address: string,
    key: string,
    directory: string,
    signal: AbortSignal,
  ): Promise<"container" | "agent" | null> {
    const { container, id } = parseAgentAddress(address);
    const link = await this.#open(container, signal);
    link.confirming++;
    try {
      return await this.#translated(
        container,
        link.confirms(key, directory, id, signal),
      );
    } finally {
      link.confirming--;
      if (link.confirming === 0 && !link.isShared) link.close({ graceMs: 0 });
    }
  }

  /**
   * Makes a request to another container on a shared connection. Repeats it on
   * a new connection if it cannot have been received; with `mayRepeat`, also if
   * the connection was used before, since it may have been dead for a while.
   */
  async #ask<T>(
    address: string,
    ask: (link: Link) => Promise<T>,
    signal: AbortSignal | undefined,
    mayRepeat = true,
  ): Promise<T> {
    const link = await this.#open(address, signal);
    const wasShared = link.isShared;
    link.isShared = true;
    try {
      return await ask(link);
    } catch (error) {
      const isUnsent = error instanceof ConnectionClosedError && !error.sent;
      const isStale = mayRepeat && wasShared && link.isOver && isLoss(error);
      if (!isUnsent && !isStale || this.isEnding) throw error;
    }
    const fresh = await this.#open(address, signal);
    fresh.isShared = true;
    return await ask(fresh);
  }

  /** Converts the loss of a connection into an error for the caller. */
  async #translated<T>(address: string, asking: Promise<T>): Promise<T> {
    try {
      return await asking;
    } catch (error) {
      if (!(error instanceof ConnectionClosedError)) throw error;
      const { cause, message } = error;
      if (cause instanceof AuthenticationError) {
        throw asReceived(
          new AuthenticationError(cause.message, { cause: error }),
        );
      }
      this.#checkOpen(address);
      // The message without its first part, the failed action.
      const [, why = message] = /^Cannot [^:]*: (.*)$/s.exec(message) ?? [];
      throw new ConnectError(`Cannot connect to '${address}': ${why}`, {
        address,
        cause: error,
      });
    }
  }

  async #open(
    address: string,
    signal: AbortSignal | undefined,
  ): Promise<Link> {
    signal?.throwIfAborted();
    const { access, address: own } = this.#context;
    const approach = await access.approach(address, own);
    const key = approach.showsCredentials ? address : `${BARE}${address}`;
    const open = this.#links.get(key);
    if (open !== undefined && !open.isOver) return open;
    const isJoined = this.#attempts.has(key);
    const dial = () => this.#dial(address, key, signal, approach.isLearned);
    try {
      return await dial();
    } catch (error) {
      // An attempt that began earlier may fail for outdated reasons.
      if (!isJoined || !(error instanceof ConnectError)) throw error;
      return await dial();
    }
  }

  /** Waits for the attempt of `key`, and begins one if there is none. */
  async #dial(
    address: string,
    key: string,
    signal: AbortSignal | undefined,
    isLearned: boolean,
  ): Promise<Link> {
    this.#checkOpen(address);
    if (isLearned && !this.#attempts.has(key)) this.#checkRoom(address);
    return await this.#attempts.join(
      key,
      (ending) => this.#connect(address, key, ending),
      (link) =>
        this.#ending.before(signal, (ending) => abortable(link, ending)),
    );
  }

  #checkOpen(address: string): void {
    if (!this.isEnding) return;
    throw this.#context.closedError(`connect to '${address}'`);
  }

  /**
   * Throws if there is no room. Peers must not cause more connections than a
   * server accepts.
   */
  #checkRoom(address: string): void {
    const { max } = resolveLimits(this.#context.options.limits).connections;
    if (this.#links.size + this.#attempts.size < max) return;
    throw new ConnectError(
      `Cannot connect to '${address}', which a peer named: ${max} connections are open already, raise 'limits.connections.max'`,
      { address },
    );
  }

  async #connect(
    address: string,
    key: string,
    signal: AbortSignal,
  ): Promise<Link> {
    const session = address === this.#context.address
      ? this.#connectToSelf()
      : await this.#connectTo(address, key === address, signal);
    const { channel } = session;
    this.#own(channel);
    if (signal.aborted) {
      // All callers have left.
      await channel.close({ graceMs: 0 });
      throw signal.reason;
    }
    const link = new Link(address, session);
    link.isShared = address === this.#context.address;
    this.opened++;
    this.#links.set(key, link);
    if (!this.#isRef) channel.unref();
    channel.closed.then(() => {
      if (this.#links.get(key) === link) this.#links.delete(key);
    });
    return link;
  }

  async #connectTo(
    address: string,
    showsCredentials: boolean,
    signal: AbortSignal,
  ): Promise<Session> {
    const { access, container, options } = this.#context;
    const startSession = this.sessions({
      isInitiator: true,
      peerContainer: address,
      connectionName: this.traffic.newName(),
      authenticate: access.authenticateAt(address),
      credentials: showsCredentials ? access.credentialsAt(address) : undefined,
    }, address);
    return await openSession(
      startSession,
      address,
      { ...options, tls: undefined, signal },
      container,
    );
  }

  /**
   * Connects the container to itself. It calls its own agents as others do,
   * with copied arguments and the same errors, but without its socket.
   * In-process: needs no heartbeat and no authentication.
   */
  #connectToSelf(): Session {
    const { container, address } = this.#context;
    const options = resolveOptions(this.#context.options);
    const [near, far] = memoryPair(address);
    const inProcess = {
      heartbeatMs: Infinity,
      authenticate: undefined,
      credentials: undefined,
      identity: container,
      peerContainer: address,
    };
    const makeFar = this.sessions({ isInitiator: false, ...inProcess });
    const makeNear = this.sessions(
      { isInitiator: true, ...inProcess },
      address,
    );
    this.#ownEnd = channelOn(makeFar, far, options).channel;
    this.#own(this.#ownEnd);
    return channelOn(makeNear, near, options);
  }

  #own(channel: ConnectionChannel): void {
    observed.by?.owned(channel, this.#context.container);
    this.totals.add(channel);
  }

  /**
   * Returns a function that starts sessions; `to` is the address if this side
   * connects.
   */
  sessions(options: SessionOptions, to: string | null = null): SessionStarter {
    const start = sessionStarter(this.#service, {
      // Callers are other agents, which receive all details.
      maskErrors: false,
      onMethodError: () => {},
      ...this.#context.options,
      resolver: this.resolver,
      ...options,
    });
    return this.traffic.follow(start, to);
  }

  /**
   * Closes the connection of this container to itself, after its running calls.
   */
  async closeOwn(graceMs: number): Promise<void> {
    await this.#ownEnd?.close({ graceMs });
  }

  /** Ends attempts and retries. No connections are made from now on. */
  end(): void {
    this.#ending.end();
    this.#attempts.abort();
  }

  /**
   * Cuts the connections to the container at `address`, which is gone. First
   * waits up to `lingerMs` for them to end by themselves, to read what was sent
   * before.
   */
  async cut(address: string, lingerMs: number): Promise<void> {
    const keys = [address, `${BARE}${address}`];
    await Promise.all(keys.map(async (key) => {
      const link = this.#links.get(key);
      if (link === undefined) return;
      await within(lingerMs, link.client.closed);
      await link.close({ graceMs: 0 });
    }));
  }

  /** Closes all connections. */
  async close(graceMs: number): Promise<void> {
    this.#proxies.clear();
    const ends = Array.from(
      this.#links.values(),
      (link) => link.close({ graceMs }),
    );
    // A transport may be slow to stop its attempts.
    if (this.#attempts.size > 0) {
      ends.push(within(graceMs, this.#attempts.settled()));
    }
    await Promise.all(ends);
  }

  /** Sets whether connections keep the process alive. */
  setRef(isRef: boolean): void {
    this.#isRef = isRef;
    for (const { client } of this.#links.values()) {
      isRef ? client.ref() : client.unref();
    }
  }
}

/** Returns whether an error means that a container is gone or unreachable. */
function isLoss(error: unknown): error is Error {
  return error instanceof ConnectionClosedError ||
    error instanceof ConnectError || error instanceof TimeoutError;
}

/** Returns whether another attempt may succeed. */
function isPassing(error: unknown): boolean {
  return isLoss(error) || error instanceof AgentNotFoundError ||
    error instanceof ServerBusyError;
}
