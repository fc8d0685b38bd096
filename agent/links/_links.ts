// Longer than most files: attempts, leases and connections share their tables.
import {
  abortable,
  Backoff,
  type ChannelStarter,
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
import { channelOn } from "../../channel/open.ts";
import {
  type BudgetOptions,
  type ChannelOptions,
  resolveOptions,
} from "../../channel/options.ts";
import { resolveLimits } from "../../channel/limits/limits.ts";
import { AgentNotFoundError, AuthenticationError } from "../../rpc/errors.ts";
import { openRpcWith } from "../../rpc/internal.ts";
import { ConnectError } from "../../transports/errors.ts";
import { observed } from "../../transports/internal.ts";
import { memoryPair } from "../../transports/memory.ts";
import { parseAgentAddress } from "../address.ts";
import type { AgentGone, ConnectOptions } from "../container_contract.ts";
import { Link, type Route } from "./_link.ts";
import { tlsFor } from "./_tls_for.ts";

/** What {@linkcode Links} are made with. */
export interface LinksOptions {
  /** The container's own address. */
  readonly address: () => string;
  /** To whom the connections belong. */
  readonly owner: object;
  /**
   * How the channel to the container at `address` is made, with or without the
   * credentials of this one.
   */
  readonly makeChannel: (
    address: string,
    showsCredentials: boolean,
  ) => ChannelStarter;
  /** Whether there are credentials to show. */
  readonly hasCredentials: boolean;
  /** Makes both ends of the connection to itself. */
  readonly makeOwnChannels: readonly [ChannelStarter, ChannelStarter];
  readonly channelOptions: ChannelOptions & BudgetOptions;
  /** Makes the error of what a closed container cannot do. */
  readonly closedError: (act: string) => Error;
}

/** How a container is dialled. */
export interface Approach {
  /** Whether only a peer has told its address. */
  readonly isTold: boolean;
  /** Whether it is shown the credentials of this container. */
  readonly showsCredentials: boolean;
}

/** How a container is dialled whose address the program has named. */
export const NAMED: Approach = { isTold: false, showsCredentials: true };

/** A connection for as long as its holder needs it. */
export interface LinkLease extends Disposable {
  readonly link: Link;
  /**
   * Asks something on it.
   *
   * @throws {ConnectError} If the connection is lost.
   * @throws {AuthenticationError} If the other side refuses this one.
   */
  ask<T>(ask: (link: Link) => Promise<T>): Promise<T>;
}

/** An attempt to connect, which several may wait for. */
interface Dial {
  readonly link: Promise<Link>;
  readonly controller: AbortController;
  waiting: number;
}

/** Begins the keys of connections that show no credentials. */
const BARE = "bare ";

/**
 * The connections that a container has made, one to each other container; a
 * second one where it has credentials, and one of the two must not show them.
 */
export class Links {
  /** What passed through them, those that have ended included. */
  readonly totals: Totals = new Totals();
  /** How many there have been. */
  opened = 0;

  readonly #options: LinksOptions;
  readonly #links = new Map<string, Link>();
  readonly #dials = new Map<string, Dial>();
  /** All attempts that have not ended, those given up included. */
  readonly #attempts = new Map<Promise<unknown>, AbortController>();
  readonly #ending: Ending;
  /** The far end of the connection to itself. */
  #ownEnd: ConnectionChannel | null = null;
  #isRef = true;

  constructor(options: LinksOptions) {
    this.#options = options;
    this.#ending = new Ending(() => options.closedError("wait for an agent"));
  }

  /** How many there are. */
  get size(): number {
    return this.#links.size;
  }

  /** How many proxies they remember. */
  get proxies(): number {
    let count = 0;
    for (const link of this.#links.values()) count += link.proxies;
    return count;
  }

  /** Whether there are no new ones any more. */
  get isEnding(): boolean {
    return this.#ending.isOver;
  }

  /** The proxy for the agent at `address`. */
  async agent(
    address: string,
    { retryForMs = 0, signal }: ConnectOptions,
    approach: Approach = NAMED,
  ): Promise<object> {
    if (!(retryForMs >= 0)) {
      throw new RangeError(
        `Cannot connect to '${address}': 'retryForMs' is ${retryForMs}, it must be 0 or more`,
      );
    }
    const { container, id } = parseAgentAddress(address);
    const until = performance.now() + retryForMs;
    const backoff = new Backoff(undefined, this.#options.owner);
    for (;;) {
      try {
        const ask = (link: Link) => link.agent(id, signal);
        return await this.#ask(container, ask, signal, approach);
      } catch (error) {
        const leftMs = until - performance.now();
        if (!isPassing(error) || leftMs <= 0) throw error;
        await this.#ending.before(
          signal,
          (ending) => backoff.wait(leftMs, ending),
        );
      }
    }
  }

  /** How to call the agent at `address`, of which nobody knows that it exists. */
  async route(
    address: string,
    signal: AbortSignal | undefined,
    approach: Approach,
  ): Promise<Route> {
    const { container, id } = parseAgentAddress(address);
    const ask = (link: Link) => link.route(id, signal);
    return await this.#ask(container, ask, signal, approach);
  }

  /**
   * A connection to the container at `address`, which is closed when no lease
   * is left and nothing else has used it.
   */
  async lease(
    address: string,
    signal: AbortSignal | undefined,
    approach: Approach,
  ): Promise<LinkLease> {
    const link = await this.#open(address, signal, approach);
    return {
      link,
      ask: async (ask) => {
        try {
          return await ask(link);
        } catch (error) {
          throw this.#asConnectError(error, address);
        }
      },
      [Symbol.dispose]: link.lease(),
    };
  }

  /**
   * Asks another container what may be asked twice.
   *
   * @throws {ConnectError} If the connection is lost.
   * @throws {AuthenticationError} If the other side refuses this one.
   */
  async #ask<T>(
    container: string,
    ask: (link: Link) => Promise<T>,
    signal: AbortSignal | undefined,
    approach: Approach,
  ): Promise<T> {
    const known = this.#links.get(this.#keyOf(container, approach));
    const wasOpen = known?.isOver === false;
    const open = async () => {
      const link = await this.#open(container, signal, approach);
      link.isShared = true;
      return link;
    };
    try {
      try {
        return await ask(await open());
      } catch (error) {
        // It may have been dead for a while, with nobody to notice.
        const isStale = wasOpen && known.isOver && isLoss(error);
        if (!isStale || this.isEnding) throw error;
        return await ask(await open());
      }
    } catch (error) {
      throw this.#asConnectError(error, container);
    }
  }

  /** What the loss of a connection means to who asked something on it. */
  #asConnectError(error: unknown, container: string): unknown {
    if (!(error instanceof ConnectionClosedError)) return error;
    // Who has shown nothing hears of it by whatever was asked first.
    if (error.cause instanceof AuthenticationError) {
      return new AuthenticationError(error.cause.message, { cause: error });
    }
    const act = `connect to '${container}'`;
    if (this.isEnding) return this.#options.closedError(act);
    // It says why its connection ended, after what was done on it.
    const [, why = error.message] =
      /^Cannot [^:]*: (.*)$/s.exec(error.message) ??
        [];
    return new ConnectError(`Cannot ${act}: ${why}`, {
      address: container,
      cause: error,
    });
  }

  /** Names the connection to the container at `address`. */
  #keyOf(address: string, { showsCredentials }: Approach): string {
    return showsCredentials || !this.#options.hasCredentials ||
        address === this.#options.address()
      ? address
      : `${BARE}${address}`;
  }

  /** The connection to the container at `address`. */
  async #open(
    address: string,
    signal: AbortSignal | undefined,
    approach: Approach,
  ): Promise<Link> {
    signal?.throwIfAborted();
    const key = this.#keyOf(address, approach);
    const open = this.#links.get(key);
    if (open !== undefined && !open.isOver) return open;
    this.#checkOpen(address);
    const joined = this.#dials.get(key);
    if (joined === undefined) {
      return await this.#dial(address, signal, approach);
    }
    try {
      return await this.#waitFor(key, joined, signal);
    } catch (error) {
      // It was begun before this was asked for: somebody may listen by now.
      if (!(error instanceof ConnectError)) throw error;
      return await this.#dial(address, signal, approach);
    }
  }

  #checkOpen(address: string): void {
    if (!this.isEnding) return;
    throw this.#options.closedError(`connect to '${address}'`);
  }

  #dial(
    address: string,
    signal: AbortSignal | undefined,
    approach: Approach,
  ): Promise<Link> {
    this.#checkOpen(address);
    const key = this.#keyOf(address, approach);
    const dial = this.#dials.get(key) ?? this.#beginDial(address, approach);
    return this.#waitFor(key, dial, signal);
  }

  #beginDial(address: string, approach: Approach): Dial {
    if (approach.isTold) this.#checkRoom(address);
    const key = this.#keyOf(address, approach);
    const controller = new AbortController();
    const link = this.#connect(address, key, controller.signal);
    const dial: Dial = { link, controller, waiting: 0 };
    this.#dials.set(key, dial);
    const attempt = link.then(() => {}, () => {}).then(() => {
      this.#attempts.delete(attempt);
      this.#forget(key, dial);
    });
    this.#attempts.set(attempt, controller);
    return dial;
  }

  /** What peers tell must not make more connections than a server takes. */
  #checkRoom(address: string): void {
    const { max } = resolveLimits(
      this.#options.channelOptions.limits,
    ).connections;
    if (this.#links.size + this.#attempts.size < max) return;
    throw new ConnectError(
      `Cannot connect to '${address}': a peer told its address, and ${max} connections are open already, raise 'limits.connections.max'`,
      { address },
    );
  }

  async #waitFor(
    key: string,
    dial: Dial,
    signal: AbortSignal | undefined,
  ): Promise<Link> {
    dial.waiting++;
    try {
      return await this.#ending.before(
        signal,
        (ending) => abortable(dial.link, ending),
      );
    } finally {
      // The last one that leaves gives it up; who comes now begins anew.
      if (--dial.waiting === 0) {
        this.#forget(key, dial);
        dial.controller.abort();
      }
    }
  }

  #forget(key: string, dial: Dial): void {
    if (this.#dials.get(key) === dial) this.#dials.delete(key);
  }

  async #connect(
    address: string,
    key: string,
    signal: AbortSignal,
  ): Promise<Link> {
    const { makeChannel, channelOptions, owner } = this.#options;
    const options = {
      ...channelOptions,
      ...tlsFor(address, channelOptions),
      signal,
    };
    const isOwn = address === this.#options.address();
    let channel: ConnectionChannel;
    try {
      channel = isOwn ? this.#connectToSelf(address) : await openRpcWith(
        makeChannel(address, key === address),
        address,
        options,
        owner,
      );
    } catch (error) {
      this.#checkOpen(address);
      throw error;
    }
    observed.by?.owned(channel, owner);
    if (signal.aborted) {
      // It was reached just when nobody wanted it any more.
      await channel.close({ graceMs: 0 });
      this.#checkOpen(address);
      throw signal.reason;
    }
    return this.#add(address, key, channel);
  }

  /**
   * A container calls its own agents as others do, with arguments copied and
   * errors alike, but without its socket.
   */
  #connectToSelf(address: string): ConnectionChannel {
    const { makeOwnChannels: [makeNear, makeFar], owner } = this.#options;
    const options = resolveOptions(this.#options.channelOptions);
    const [near, far] = memoryPair(address, options.limits.frames.maxBytes);
    this.#ownEnd = channelOn(makeFar, far, options);
    observed.by?.owned(this.#ownEnd, owner);
    this.totals.add(this.#ownEnd);
    return channelOn(makeNear, near, options);
  }

  #add(address: string, key: string, channel: ConnectionChannel): Link {
    const link = new Link(address, channel);
    link.isShared = address === this.#options.address();
    this.opened++;
    this.totals.add(channel);
    this.#links.set(key, link);
    if (!this.#isRef) channel.unref();
    channel.closed.then(() => {
      if (this.#links.get(key) === link) this.#links.delete(key);
    });
    return link;
  }

  /** Resolves when an agent of another container is gone. */
  async watch(
    address: string,
    signal: AbortSignal | undefined,
  ): Promise<AgentGone> {
    const { container, id } = parseAgentAddress(address);
    try {
      const reason = await this.#ending.before(
        signal,
        (ending) => this.#watch(container, id, ending),
      );
      return { address, scope: "agent", message: reason };
    } catch (error) {
      // The end of the container ends its connections, and not the agent.
      if (this.isEnding) throw this.#options.closedError(`watch '${address}'`);
      if (!isLoss(error)) throw error;
      return { address, scope: "container", message: error.message };
    }
  }

  async #watch(
    container: string,
    id: string,
    ending: AbortSignal,
  ): Promise<string> {
    const open = async () => {
      const link = await this.#open(container, ending, NAMED);
      link.isShared = true;
      return link;
    };
    try {
      return await (await open()).watch(id, ending);
    } catch (error) {
      // Then the connection was lost before, and what is watched may be new.
      const isStale = error instanceof ConnectionClosedError && !error.sent;
      if (!isStale || this.isEnding) throw error;
      return await (await open()).watch(id, ending);
    }
  }

  /** Ends attempts and retries: from now on there are no new connections. */
  end(): void {
    this.#ending.end();
    for (const controller of this.#attempts.values()) controller.abort();
  }

  /** Lets calls to agents of its own come to their end. */
  async closeOwn(graceMs: number): Promise<void> {
    await this.#ownEnd?.close({ graceMs });
  }

  /** Cuts the connections to the container at `address`, if there are any. */
  async cut(address: string): Promise<void> {
    const links = [address, `${BARE}${address}`]
      .map((key) => this.#links.get(key));
    await Promise.all(links.map((link) => link?.close({ graceMs: 0 })));
  }

  /** Closes all connections. */
  async close(graceMs: number): Promise<void> {
    const links = [...this.#links.values()];
    await Promise.all([
      ...links.map((link) => link.close({ graceMs })),
      // They were told to end; a transport may be slow to hear.
      within(graceMs, Promise.all(this.#attempts.keys())),
    ]);
  }

  /** Whether connections keep the process alive. */
  setRef(isRef: boolean): void {
    this.#isRef = isRef;
    for (const { client } of this.#links.values()) {
      isRef ? client.ref() : client.unref();
    }
  }
}

/** Whether a container is gone or out of reach. */
function isLoss(error: unknown): error is Error {
  return error instanceof ConnectionClosedError ||
    error instanceof ConnectError || error instanceof TimeoutError;
}

/** Whether it may be otherwise in a moment. */
function isPassing(error: unknown): boolean {
  return isLoss(error) || error instanceof AgentNotFoundError ||
    error instanceof ServerBusyError;
}
