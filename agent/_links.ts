import { abortable } from "../channel/_abortable.ts";
import { Backoff } from "../channel/_backoff.ts";
import type {
  ChannelFactory,
  ConnectionChannel,
} from "../channel/_connection_channel.ts";
import { ConnectionClosedError } from "../channel/errors.ts";
import { channelOn, openConnectionWith } from "../channel/open.ts";
import { type ChannelOptions, resolveOptions } from "../channel/options.ts";
import { AgentNotFoundError } from "../rpc/errors.ts";
import { ConnectError } from "../transports/errors.ts";
import { lifetime } from "../transports/lifetime.ts";
import { memoryPair } from "../transports/memory.ts";
import { parseAgentAddress } from "./address.ts";
import type { AgentGone, ConnectOptions } from "./container_contract.ts";
import { Link } from "./_link.ts";

/** What {@linkcode Links} are made with. */
export interface LinksOptions {
  /** The container's own address. */
  readonly address: () => string;
  /** To whom the connections belong. */
  readonly owner: object;
  /** Makes the channels to other containers. */
  readonly makeChannel: ChannelFactory;
  /** Makes both ends of the connection to itself. */
  readonly makeOwnChannels: readonly [ChannelFactory, ChannelFactory];
  readonly channelOptions: ChannelOptions;
  /** Hears of each container that was reached. */
  readonly onReached: (address: string) => void;
}

/** An attempt to connect, which several may wait for. */
interface Dial {
  readonly link: Promise<Link>;
  readonly controller: AbortController;
  waiting: number;
}

/** The connections that a container has made, one to each other container. */
export class Links {
  readonly #options: LinksOptions;
  readonly #links = new Map<string, Link>();
  readonly #dials = new Map<string, Dial>();
  readonly #ending = new AbortController();
  #isRef = true;

  constructor(options: LinksOptions) {
    this.#options = options;
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
        const link = await this.open(container, signal);
        return await abortable(link.agent(id), signal);
      } catch (error) {
        const leftMs = until - performance.now();
        if (!isPassing(error) || leftMs <= 0) throw error;
        await this.#whileOpen((ending) => backoff.wait(leftMs, ending), signal);
      }
    }
  }

  /** The connection to the container at `address`. */
  async open(address: string, signal?: AbortSignal): Promise<Link> {
    this.#ending.signal.throwIfAborted();
    const open = this.#links.get(address);
    if (open !== undefined) return open;
    const dial = this.#dials.get(address) ?? this.#dial(address);
    dial.waiting++;
    try {
      return await abortable(dial.link, signal);
    } finally {
      // The last one that leaves gives it up.
      if (--dial.waiting === 0) dial.controller.abort(signal?.reason);
    }
  }

  #dial(address: string): Dial {
    const controller = new AbortController();
    const { ending } = this;
    const onEnding = () => controller.abort(ending.reason);
    ending.addEventListener("abort", onEnding);
    const link = this.#connect(address, controller.signal).finally(() => {
      ending.removeEventListener("abort", onEnding);
      this.#dials.delete(address);
    });
    const dial: Dial = { link, controller, waiting: 0 };
    this.#dials.set(address, dial);
    return dial;
  }

  async #connect(address: string, signal: AbortSignal): Promise<Link> {
    const { makeChannel, channelOptions, owner } = this.#options;
    const channel = address === this.#options.address()
      ? this.#connectToSelf(address)
      : await openConnectionWith(
        makeChannel,
        address,
        { ...channelOptions, signal },
        owner,
      );
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
    const served = channelOn(makeFar, far, options);
    lifetime.observer?.owned(served, owner);
    return channelOn(makeNear, near, options);
  }

  #add(address: string, channel: ConnectionChannel): Link {
    lifetime.observer?.owned(channel, this.#options.owner);
    const link = new Link(address, channel);
    this.#links.set(address, link);
    if (!this.#isRef) channel.unref();
    channel.closed.then(() => this.#links.delete(address));
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
      const link = await this.open(container, signal);
      const reason = await this.#whileOpen(
        (ending) => link.watch(id, ending),
        signal,
      );
      return { address, what: "agent", reason };
    } catch (error) {
      if (!isLoss(error)) throw error;
      return { address, what: "container", reason: error.message };
    }
  }

  /** Aborts when the container closes. */
  get ending(): AbortSignal {
    return this.#ending.signal;
  }

  /** Waits for something until either signal aborts. */
  async #whileOpen<T>(
    wait: (ending: AbortSignal) => Promise<T>,
    signal: AbortSignal | undefined,
  ): Promise<T> {
    const controller = new AbortController();
    const onAbort = () => controller.abort(signal?.reason);
    const onEnding = () => controller.abort(this.ending.reason);
    this.ending.throwIfAborted();
    signal?.throwIfAborted();
    signal?.addEventListener("abort", onAbort, { once: true });
    this.ending.addEventListener("abort", onEnding, { once: true });
    try {
      return await wait(controller.signal);
    } finally {
      signal?.removeEventListener("abort", onAbort);
      this.ending.removeEventListener("abort", onEnding);
    }
  }

  /** Ends attempts and retries with `reason`. */
  end(reason: unknown): void {
    this.#ending.abort(reason);
  }

  /** Cuts the connection to the container at `address`, if there is one. */
  async cut(address: string): Promise<void> {
    await this.#links.get(address)?.close({ graceMs: 0 });
  }

  /** Closes all connections. */
  async close(graceMs: number): Promise<void> {
    const links = [...this.#links.values()];
    await Promise.all(links.map((link) => link.close({ graceMs })));
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
    error instanceof ConnectError;
}

/** Whether it may be otherwise in a moment. */
function isPassing(error: unknown): boolean {
  return error instanceof ConnectError || error instanceof AgentNotFoundError;
}
