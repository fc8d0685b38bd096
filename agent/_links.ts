import { abortable } from "../channel/_abortable.ts";
import { Backoff } from "../channel/_backoff.ts";
import type {
  ChannelFactory,
  ConnectionChannel,
} from "../channel/_connection_channel.ts";
import {
  ConnectionClosedError,
  ServerBusyError,
  TimeoutError,
} from "../channel/errors.ts";
import { channelOn } from "../channel/open.ts";
import { type ChannelOptions, resolveOptions } from "../channel/options.ts";
import { Totals } from "../channel/_totals.ts";
import { within } from "../channel/_within.ts";
import { AgentNotFoundError, AuthenticationError } from "../rpc/errors.ts";
import { openRpcWith } from "../rpc/_open_rpc.ts";
import { ConnectError } from "../transports/errors.ts";
import { lifetime } from "../transports/lifetime.ts";
import { memoryPair } from "../transports/memory.ts";
import { parseAgentAddress } from "./address.ts";
import type { AgentGone, ConnectOptions } from "./container_contract.ts";
import { Ending } from "./_ending.ts";
import { Link, type Route } from "./_link.ts";
import { tlsFor } from "./_tls_for.ts";

/** What {@linkcode Links} are made with. */
export interface LinksOptions {
  /** The container's own address. */
  readonly address: () => string;
  /** To whom the connections belong. */
  readonly owner: object;
  /** How the channel to the container at `address` is made. */
  readonly makeChannel: (address: string) => ChannelFactory;
  /** Makes both ends of the connection to itself. */
  readonly makeOwnChannels: readonly [ChannelFactory, ChannelFactory];
  readonly channelOptions: ChannelOptions;
  /** Hears of each container that was reached. */
  readonly onReached: (address: string) => void;
  /** Makes the error of what a closed container cannot do. */
  readonly closedError: (act: string) => Error;
}

/** An attempt to connect, which several may wait for. */
interface Dial {
  readonly link: Promise<Link>;
  readonly controller: AbortController;
  waiting: number;
}

/** The connections that a container has made, one to each other container. */
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
        return await this.#ask(container, ask, signal);
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
  ): Promise<Route> {
    const { container, id } = parseAgentAddress(address);
    return await this.#ask(container, (link) => link.route(id, signal), signal);
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
  ): Promise<T> {
    const known = this.#links.get(container);
    const wasOpen = known?.isOver === false;
    try {
      try {
        return await ask(await this.open(container, signal));
      } catch (error) {
        // It may have been dead for a while, with nobody to notice.
        const isStale = wasOpen && known.isOver && isLoss(error);
        if (!isStale || this.isEnding) throw error;
        return await ask(await this.open(container, signal));
      }
    } catch (error) {
      if (!(error instanceof ConnectionClosedError)) throw error;
      // Who has shown nothing hears of it by whatever was asked first.
      if (error.cause instanceof AuthenticationError) {
        throw new AuthenticationError(error.cause.message, { cause: error });
      }
      const act = `connect to '${container}'`;
      if (this.isEnding) throw this.#options.closedError(act);
      throw new ConnectError(`Cannot ${act}: ${error.reason}`, container, {
        cause: error,
      });
    }
  }

  /** The connection to the container at `address`. */
  async open(address: string, signal: AbortSignal | undefined): Promise<Link> {
    signal?.throwIfAborted();
    const open = this.#links.get(address);
    if (open !== undefined && !open.isOver) return open;
    this.#checkOpen(address);
    const joined = this.#dials.get(address);
    if (joined === undefined) return await this.#dial(address, signal);
    try {
      return await this.#waitFor(address, joined, signal);
    } catch (error) {
      // It was begun before this was asked for: somebody may listen by now.
      if (!(error instanceof ConnectError)) throw error;
      return await this.#dial(address, signal);
    }
  }

  #checkOpen(address: string): void {
    if (!this.isEnding) return;
    throw this.#options.closedError(`connect to '${address}'`);
  }

  #dial(address: string, signal: AbortSignal | undefined): Promise<Link> {
    this.#checkOpen(address);
    const dial = this.#dials.get(address) ?? this.#beginDial(address);
    return this.#waitFor(address, dial, signal);
  }

  #beginDial(address: string): Dial {
    const controller = new AbortController();
    const link = this.#connect(address, controller.signal);
    const dial: Dial = { link, controller, waiting: 0 };
    this.#dials.set(address, dial);
    const attempt = link.then(() => {}, () => {}).then(() => {
      this.#attempts.delete(attempt);
      this.#forget(address, dial);
    });
    this.#attempts.set(attempt, controller);
    return dial;
  }

  async #waitFor(
    address: string,
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
        this.#forget(address, dial);
        dial.controller.abort();
      }
    }
  }

  #forget(address: string, dial: Dial): void {
    if (this.#dials.get(address) === dial) this.#dials.delete(address);
  }

  async #connect(address: string, signal: AbortSignal): Promise<Link> {
    const { makeChannel, channelOptions, owner } = this.#options;
    const options = {
      ...channelOptions,
      ...tlsFor(address, channelOptions),
      signal,
    };
    const isOwn = address === this.#options.address();
    let channel: ConnectionChannel;
    try {
      channel = isOwn
        ? this.#connectToSelf(address)
        : await openRpcWith(makeChannel(address), address, options, owner);
    } catch (error) {
      this.#checkOpen(address);
      throw error;
    }
    lifetime.observer?.owned(channel, owner);
    if (signal.aborted) {
      // It was reached just when nobody wanted it any more.
      await channel.close({ graceMs: 0 });
      this.#checkOpen(address);
      throw signal.reason;
    }
    return this.#add(address, channel);
  }

  /**
   * A container calls its own agents as others do, with arguments copied and
   * errors alike, but without its socket.
   */
  #connectToSelf(address: string): ConnectionChannel {
    const { makeOwnChannels: [makeNear, makeFar], owner } = this.#options;
    const options = resolveOptions(this.#options.channelOptions);
    const [near, far] = memoryPair(address, options.limits.maxFrameBytes);
    this.#ownEnd = channelOn(makeFar, far, options);
    lifetime.observer?.owned(this.#ownEnd, owner);
    this.totals.add(this.#ownEnd);
    return channelOn(makeNear, near, options);
  }

  #add(address: string, channel: ConnectionChannel): Link {
    const link = new Link(address, channel);
    this.opened++;
    this.totals.add(channel);
    this.#links.set(address, link);
    if (!this.#isRef) channel.unref();
    channel.closed.then(() => {
      if (this.#links.get(address) === link) this.#links.delete(address);
    });
    this.#options.onReached(address);
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
      return { address, what: "agent", reason };
    } catch (error) {
      // The end of the container ends its connections, and not the agent.
      if (this.isEnding) throw this.#options.closedError(`watch '${address}'`);
      if (!isLoss(error)) throw error;
      return { address, what: "container", reason: error.message };
    }
  }

  async #watch(
    container: string,
    id: string,
    ending: AbortSignal,
  ): Promise<string> {
    const link = await this.open(container, ending);
    try {
      return await link.watch(id, ending);
    } catch (error) {
      // Then the connection was lost before, and what is watched may be new.
      const isStale = error instanceof ConnectionClosedError && !error.sent;
      if (!isStale || this.isEnding) throw error;
      return await (await this.open(container, ending)).watch(id, ending);
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

  /** Cuts the connection to the container at `address`, if there is one. */
  async cut(address: string): Promise<void> {
    await this.#links.get(address)?.close({ graceMs: 0 });
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
