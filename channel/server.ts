import { observed, world } from "../transports/internal.ts";
import { HostGroups, hostOf } from "../transports/hosts.ts";
import type { Connection, Listener } from "../transports/transport.ts";
import type { Channel, ChannelStats, CloseOptions } from "./channel.ts";
import {
  type ChannelStarter,
  ConnectionChannel,
} from "./_connection_channel.ts";
import { Budget } from "./limits/budget.ts";
import { Hosts } from "./limits/_hosts.ts";
import {
  type ChannelOptions,
  chooseTransport,
  type ResolvedOptions,
  resolveOptions,
} from "./options.ts";
import type { ErrorContext } from "./report.ts";
import { TokenBucket } from "./limits/_token_bucket.ts";
import { Totals } from "./tables/_totals.ts";
import { within } from "./timers/_waits.ts";

/** How long a server's handlers get to finish where nothing else is asked. */
const SERVER_GRACE_MS = 1_000;

/** Options for {@linkcode startServer}. */
export interface ServerOptions extends ChannelOptions {
  /**
   * File mode of a Unix socket.
   *
   * @default {0o600}
   */
  readonly mode?: number | undefined;
}

/**
 * Counts of a server. What a channel counts is the sum over all its channels:
 * the tables of those that are open, and what passed through those that have
 * ended, too.
 */
export interface ServerStats extends ChannelStats {
  /** Channels that are open. */
  readonly channels: number;
  /** Calls of {@linkcode ConnectHandler} that have not ended. */
  readonly handlers: number;
  /** Connections that were accepted since the start. */
  readonly acceptedConnections: number;
  /**
   * Those of them that ended with an error: they were lost or cut, or the peer
   * broke the protocol.
   */
  readonly failedConnections: number;
  /** Connections that were closed at once as over a limit. */
  readonly refusedConnections: number;
  /** Connections in their TLS handshake. */
  readonly handshakes: number;
  /** Connections whose TLS handshake failed. */
  readonly failedHandshakes: number;
  /** Connections that were cut because their peers broke a limit later. */
  readonly cutConnections: number;
  /** Connections that were closed because their peers were not admitted. */
  readonly refusedPeers: number;
}

/**
 * Serves one channel. The channel stays open when it returns; close it
 * yourself, or let the other side do it. If it throws, the error is reported
 * and that channel alone is closed, unless the error says that this very
 * channel ended, which is a handler's normal end.
 */
export type ConnectHandler = (channel: Channel) => void | Promise<void>;

/** A listening server. It owns its channels. Made by {@linkcode startServer}. */
export interface Server extends AsyncDisposable {
  /** The real address: an ephemeral port is filled in. */
  readonly address: string;
  /** The channels that are open. */
  readonly channels: ReadonlySet<Channel>;
  /** Resolves when {@linkcode Server.close} is done. Never rejects. */
  readonly closed: Promise<void>;
  /**
   * Stops listening, closes every channel with `graceMs`, and waits for the
   * handlers for as long. Repeatable; joins a close in progress; never rejects.
   *
   * A handler may close its own server. It should not await that, since the
   * server waits for the handler until `graceMs` have passed.
   */
  close(options?: CloseOptions): Promise<void>;
  /** The sizes of its tables now, and what passed through its channels. */
  stats(): ServerStats;
  /** Keeps the process alive while it listens, as it does at first. */
  ref(): void;
  /** Lets the process end although it listens, or has channels open. */
  unref(): void;
}

/**
 * Listens at `address` over one of `options.transports`, starts a channel on
 * each connection, and calls `onConnect` with what `startChannel` returned.
 *
 * @throws {AddressInUseError} If another server listens there.
 * @throws {TypeError} If no transport has the scheme of `address`.
 */
export async function startServerWith<Started>(
  startChannel: ChannelStarter<Started>,
  address: string,
  onConnect: (started: Started) => void | Promise<void>,
  options: ServerOptions,
): Promise<Server> {
  const server = new ChannelServer(startChannel, onConnect, options);
  await server.listen(address);
  return server;
}

class ChannelServer<Started> implements Server {
  readonly closed: Promise<void>;

  readonly #startChannel: ChannelStarter<Started>;
  readonly #onConnect: (started: Started) => void | Promise<void>;
  readonly #options: ServerOptions;
  readonly #resolved: ResolvedOptions;
  readonly #requestRate: TokenBucket;
  readonly #hosts: Hosts;
  readonly #channels = new Set<ConnectionChannel>();
  /** The channels of which nothing was taken yet, by their hosts. */
  readonly #silent = new HostGroups<ConnectionChannel>();
  readonly #handlers = new Set<Promise<void>>();
  readonly #resolveClosed: () => void;
  readonly #totals = new Totals();
  readonly #counts = {
    acceptedConnections: 0,
    refusedConnections: 0,
    failedHandshakes: 0,
    cutConnections: 0,
    refusedPeers: 0,
  };
  #listener: Listener | null = null;
  #closing = false;
  #isRef = true;

  constructor(
    startChannel: ChannelStarter<Started>,
    onConnect: (started: Started) => void | Promise<void>,
    options: ServerOptions,
  ) {
    this.#startChannel = startChannel;
    this.#onConnect = onConnect;
    this.#options = options;
    this.#resolved = resolveOptions(options);
    const { limits } = this.#resolved;
    this.#requestRate = new TokenBucket(
      limits.rates.serverRequestsPerSecond,
      limits.rates.burstMs,
    );
    this.#hosts = new Hosts(
      limits.connections.maxPerHost,
      this.#resolved.budget ?? new Budget(limits.requests.maxServerHeldBytes),
    );
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#resolveClosed = resolve;
  }

  get address(): string {
    return this.#listener!.address;
  }

  get channels(): ReadonlySet<Channel> {
    return this.#channels;
  }

  async listen(address: string): Promise<void> {
    const transport = chooseTransport(address, this.#options);
    const { limits } = this.#resolved;
    this.#listener = await transport.listen(
      address,
      (connection) => this.#accept(connection),
      {
        maxFrameBytes: limits.frames.maxBytes,
        onError: (error) => this.#report(error, "accept", address),
        handshakes: {
          ...limits.handshakes,
          onFailed: (error) => {
            this.#counts.failedHandshakes++;
            this.#report(error, "accept", error.address);
          },
          onRefused: () => this.#counts.refusedConnections++,
        },
      },
    );
    observed.by?.opened(this, "server", () => this.address);
    observed.by?.owned(this.#listener, this);
  }

  #accept(connection: Connection): void {
    const host = hostOf(connection.remoteAddress);
    if (!this.#hasRoom(host)) {
      this.#counts.refusedConnections++;
      connection.close();
      return;
    }
    if (!this.#isRef) connection.unref();
    const channel = new ConnectionChannel(connection, {
      ...this.#resolved,
      budget: this.#hosts.enter(host).budget,
      counts: this.#counts,
      requestRate: this.#requestRate,
      onHeard: () => this.#silent.delete(host, channel),
      onProtocolError: (error) =>
        this.#report(error, "protocol", connection.remoteAddress),
    });
    observed.by?.owned(channel, this);
    this.#channels.add(channel);
    this.#silent.add(host, channel);
    this.#counts.acceptedConnections++;
    this.#totals.add(channel);
    channel.closed.then(() => {
      this.#channels.delete(channel);
      this.#silent.delete(host, channel);
      this.#hosts.leave(host);
    });
    const handling = this.#handle(channel, this.#startChannel(channel));
    this.#handlers.add(handling);
    handling.then(() => this.#handlers.delete(handling));
  }

  /** Whether one more connection from `host` can be taken, or is made room for. */
  #hasRoom(host: string): boolean {
    if (this.#closing) return false;
    const { max } = this.#resolved.limits.connections;
    if (this.#hosts.isFull(host)) {
      return this.#giveWay(this.#silent.takeOldestOf(host));
    }
    return this.#channels.size < max ||
      this.#giveWay(this.#silent.takeOldestOfLargest());
  }

  /** A connection whose peer said nothing gives way to a new one. */
  #giveWay(silent: ConnectionChannel | undefined): boolean {
    if (silent === undefined) return false;
    silent.cutOver("server-full");
    this.#channels.delete(silent);
    return true;
  }

  async #handle(channel: ConnectionChannel, started: Started): Promise<void> {
    const task = {};
    observed.by?.opened(
      task,
      "handler",
      () => `of ${channel.remoteAddress}`,
    );
    observed.by?.owned(task, channel);
    try {
      await this.#onConnect(started);
    } catch (error) {
      if (!channel.isOwnEnd(error)) {
        this.#report(error, "handler", channel.localAddress);
        await channel.close();
      }
    } finally {
      observed.by?.closed(task);
    }
  }

  #report(error: unknown, kind: ErrorContext["kind"], address: string): void {
    this.#resolved.onError(error, { kind, address });
  }

  async close({ graceMs = SERVER_GRACE_MS }: CloseOptions = {}): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      this.#closeAll(graceMs);
    }
    await this.closed;
  }

  async #closeAll(graceMs: number): Promise<void> {
    const until = world.now() + graceMs;
    await Promise.all([
      this.#listener!.close(),
      ...[...this.#channels].map((channel) => channel.close({ graceMs })),
    ]);
    await within(until - world.now(), Promise.all(this.#handlers));
    observed.by?.closed(this);
    this.#resolveClosed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  stats(): ServerStats {
    return {
      ...this.#totals.stats(),
      channels: this.#channels.size,
      handlers: this.#handlers.size,
      failedConnections: this.#totals.failed,
      handshakes: this.#listener?.handshakes ?? 0,
      ...this.#counts,
    };
  }

  ref(): void {
    this.#isRef = true;
    this.#listener!.ref();
    for (const channel of this.#channels) channel.ref();
  }

  unref(): void {
    this.#isRef = false;
    this.#listener!.unref();
    for (const channel of this.#channels) channel.unref();
  }
}
