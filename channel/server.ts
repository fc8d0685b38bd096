import { observed, world } from "../transports/internal.ts";
import { HandshakeError } from "../transports/errors.ts";
import { HostGroups, hostOf } from "../transports/hosts.ts";
import type { TlsOptions } from "../transports/tls/options.ts";
import type { Connection, Listener } from "../transports/transport.ts";
import type { Channel, ChannelStats, CloseOptions } from "./channel.ts";
import {
  type ChannelStarter,
  ConnectionChannel,
} from "./_connection_channel.ts";
import { Budget } from "./limits/budget.ts";
import { GIVEN_UP, Handshakes } from "./limits/_handshakes.ts";
import type { ConnectionChannelOptions } from "./_context.ts";
import { Hosts } from "./limits/_hosts.ts";
import {
  type ChannelOptions,
  chooseTransport,
  renewCertificates,
  type ResolvedOptions,
  resolveOptions,
} from "./options.ts";
import type { ErrorContext } from "./report.ts";
import { TokenBucket } from "./limits/_token_bucket.ts";
import { Totals } from "./tables/_totals.ts";
import { within } from "./timers/_waits.ts";

const DONE = Promise.resolve();

/** The default time for the handlers of a closing server, in milliseconds. */
const SERVER_GRACE_MS = 1_000;

/** Options for `startServer`. */
export interface ServerOptions extends ChannelOptions {
  /**
   * The file mode of a Unix socket.
   *
   * @default {0o600}
   */
  readonly mode?: number | undefined;
}

/**
 * Counts of a server. The stats of its channels are summed up: the table sizes
 * of open channels, and the counts of open and of ended channels.
 */
export interface ServerStats extends ChannelStats {
  /** Open channels. */
  readonly channels: number;
  /** Running calls of the {@linkcode ConnectHandler}. */
  readonly handlers: number;
  /** Connections that were accepted. */
  readonly acceptedConnections: number;
  /**
   * Accepted connections that ended with an error: they were lost or cut, or
   * the peer broke the protocol.
   */
  readonly failedConnections: number;
  /**
   * Connections that were closed because of a limit: new ones, or the oldest
   * unfinished handshake to make room for a new one.
   */
  readonly refusedConnections: number;
  /** Connections with an unfinished TLS handshake. */
  readonly handshakes: number;
  /** Connections whose TLS handshake failed. */
  readonly failedHandshakes: number;
  /** Accepted connections that were cut because their peers broke a limit. */
  readonly cutConnections: number;
  /** Accepted connections whose peers were not admitted. */
  readonly refusedPeers: number;
}

/**
 * Serves one channel. The channel stays open when the handler returns: close it
 * yourself, or let the other side close it. If the handler throws, the error is
 * reported and only this channel is closed. A `ConnectionClosedError` of this
 * channel is the normal end of a handler, and is not reported.
 */
export type ConnectHandler = (channel: Channel) => void | Promise<void>;

/** A listening server. It owns its channels. Created by `startServer`. */
export interface Server extends AsyncDisposable {
  /** The address of the server, including the port that the system chose. */
  readonly address: string;
  /** The open channels. */
  readonly channels: ReadonlySet<Channel>;
  /** Resolves when {@linkcode Server.close} has finished. Never rejects. */
  readonly closed: Promise<void>;
  /**
   * Stops listening, closes every channel with `graceMs`, and waits for the
   * handlers within the same time. With more than a second of grace, the server
   * first accepts peers that have already connected. That takes 10 ms, or up to
   * 100 ms while they arrive. Repeatable: another call joins the close in
   * progress. Never rejects.
   *
   * A handler may close its own server, but should not await it: the server
   * waits for the handler until `graceMs` have passed.
   */
  close(options?: CloseOptions): Promise<void>;
  /**
   * Renews the certificates. Without `changes`, reads the files again.
   * Otherwise, `changes` replace the earlier options of the same name. New
   * connections use the renewed certificates. Open connections are not
   * affected. If this rejects, the server keeps its current certificates.
   *
   * @throws {TypeError} If the certificates cannot be used, for example while
   * only one of two files is written, or if the server does not use TLS.
   */
  renewCertificate(changes?: TlsOptions): Promise<void>;
  /** Returns the current table sizes, and the counts since the start. */
  stats(): ServerStats;
  /** Keeps the process alive while it listens, which is the default. */
  ref(): void;
  /** Lets the process end while the server listens or has open channels. */
  unref(): void;
}

/**
 * Listens at `address` over one of `options.transports`, starts a channel on
 * each connection, and calls `onConnect` with the result of `startChannel`.
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

/**
 * The length of one wait for connections that the system has already accepted,
 * in milliseconds. Only for a close with grace.
 */
const ACCEPT_MS = 5;
/** The most rounds of two waits, repeated while connections arrive. */
const MOST_ACCEPT_ROUNDS = 10;

class ChannelServer<Started> implements Server {
  readonly closed: Promise<void>;

  readonly #startChannel: ChannelStarter<Started>;
  readonly #onConnect: (started: Started) => void | Promise<void>;
  readonly #options: ServerOptions;
  readonly #resolved: ResolvedOptions;
  readonly #requestRate: TokenBucket;
  readonly #hosts: Hosts<ConnectionChannelOptions>;
  readonly #handshakes: Handshakes;
  readonly #channels = new Set<ConnectionChannel>();
  /** The channels from which no message was taken yet, by host. */
  readonly #silent = new HostGroups<ConnectionChannel>();
  readonly #handlers = new Map<ConnectionChannel, Promise<void>>();
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
  #isListening = true;
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
    this.#handshakes = new Handshakes(this, limits.handshakes);
    const budget = this.#resolved.budget ??
      new Budget(limits.requests.maxServerHeldBytes);
    this.#hosts = new Hosts(
      limits.connections.maxPerHost,
      budget,
      (budget) => this.#optionsWith(budget),
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
    this.#listener = await transport.listen(
      address,
      (connection) => {
        if (connection.handshake === undefined) this.#accept(connection);
        else this.#secure(connection);
      },
      {
        onError: (error) => this.#report(error, "accept", address),
      },
    );
    observed.by?.opened(this, "server", () => this.address);
    observed.by?.owned(this.#listener, this);
  }

  /** Accepts a connection after its handshake. */
  async #secure(connection: Connection): Promise<void> {
    if (this.#handshakes.makeRoom()) this.#counts.refusedConnections++;
    if (!this.#isRef) connection.stream.unref();
    try {
      this.#accept(await this.#handshakes.run(connection));
    } catch (error) {
      if (error === GIVEN_UP) return;
      if (error instanceof HandshakeError) this.#counts.failedHandshakes++;
      this.#report(error, "accept", connection.remoteAddress);
    }
  }

  #accept(connection: Connection): void {
    const host = hostOf(connection.remoteAddress);
    if (!this.#hasRoom(host)) {
      this.#counts.refusedConnections++;
      connection.stream.close();
      return;
    }
    const { options } = this.#hosts.enter(host);
    const channel = new ConnectionChannel(connection, options);
    if (!this.#isRef) channel.unref();
    observed.by?.owned(channel, this);
    this.#channels.add(channel);
    this.#silent.add(host, channel);
    this.#counts.acceptedConnections++;
    this.#totals.add(channel, () => {
      this.#channels.delete(channel);
      this.#silent.delete(host, channel);
      this.#hosts.leave(host);
    });
    const started = this.#startChannel(channel);
    this.#handlers.set(channel, DONE);
    const handling = this.#handle(channel, started);
    // A handler that throws at once may have already ended.
    if (this.#handlers.has(channel)) this.#handlers.set(channel, handling);
  }

  /** Returns the options of the channels of one host. */
  #optionsWith(budget: Budget): ConnectionChannelOptions {
    return {
      ...this.#resolved,
      budget,
      serverCounts: this.#counts,
      requestRate: this.#requestRate,
      onHeard: (channel) =>
        this.#silent.delete(
          hostOf(channel.remoteAddress),
          channel as ConnectionChannel,
        ),
      onProtocolError: (error, address) =>
        this.#report(error, "protocol", address),
    };
  }

  /** Returns whether there is, or can be made, room for another connection. */
  #hasRoom(host: string): boolean {
    if (!this.#isListening) return false;
    const { max } = this.#resolved.limits.connections;
    if (this.#hosts.isFull(host)) {
      return this.#giveWay(this.#silent.takeOldestOf(host));
    }
    return this.#channels.size < max ||
      this.#giveWay(this.#silent.takeOldestOfLargest());
  }

  /** Cuts off a peer that has sent nothing, to admit a new connection. */
  #giveWay(silent: ConnectionChannel | undefined): boolean {
    if (silent === undefined) return false;
    silent.cutOver("server-full");
    this.#channels.delete(silent);
    return true;
  }

  async #handle(channel: ConnectionChannel, started: Started): Promise<void> {
    const task = observed.by === null ? null : {};
    if (task !== null) {
      const describe = () => `of ${channel.remoteAddress}`;
      observed.by?.opened(task, "handler", describe);
      observed.by?.owned(task, channel);
    }
    try {
      await this.#onConnect(started);
    } catch (error) {
      if (!channel.isOwnEnd(error)) {
        this.#report(error, "handler", channel.localAddress);
        await channel.close();
      }
    } finally {
      this.#handlers.delete(channel);
      if (task !== null) observed.by?.closed(task);
    }
  }

  #report(error: unknown, kind: ErrorContext["kind"], address: string): void {
    this.#resolved.onError(error, { kind, address });
  }

  async close({ graceMs = SERVER_GRACE_MS }: CloseOptions = {}): Promise<void> {
    if (!this.#closing) {
      this.#closing = true;
      const until = world.now() + graceMs;
      // Not by default, because it takes longer than the rest of a usual close.
      if (graceMs > SERVER_GRACE_MS) await this.#acceptConnected();
      this.#closeAll(until - world.now());
    }
    await this.closed;
  }

  /**
   * Accepts peers that connected, and may have sent calls, while this process
   * was busy. The system has accepted them, and would reset them.
   */
  async #acceptConnected(): Promise<void> {
    let rounds = 0;
    let before: number;
    do {
      before = this.#counts.acceptedConnections;
      // Twice: the first wait may end before Deno has polled the system.
      for (let wait = 0; wait < 2; wait++) {
        await new Promise<void>((resolve) =>
          world.setTimer(ACCEPT_MS, resolve)
        );
      }
    } while (
      this.#counts.acceptedConnections > before &&
      ++rounds < MOST_ACCEPT_ROUNDS
    );
  }

  async #closeAll(graceMs: number): Promise<void> {
    const until = world.now() + graceMs;
    this.#isListening = false;
    this.#handshakes.close();
    await Promise.all([
      this.#listener!.close(),
      ...[...this.#channels].map((channel) => channel.close({ graceMs })),
    ]);
    if (this.#handlers.size > 0) {
      await within(until - world.now(), Promise.all(this.#handlers.values()));
    }
    observed.by?.closed(this);
    this.#resolveClosed();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async renewCertificate(changes?: TlsOptions): Promise<void> {
    const transport = chooseTransport(this.address, this.#options);
    await renewCertificates(`'${this.address}'`, [transport], changes);
  }

  stats(): ServerStats {
    return {
      ...this.#totals.stats(),
      channels: this.#channels.size,
      handlers: this.#handlers.size,
      failedConnections: this.#totals.failed,
      handshakes: this.#handshakes.running.size,
      ...this.#counts,
    };
  }

  ref(): void {
    this.#isRef = true;
    this.#listener!.ref();
    for (const { stream } of this.#handshakes.running.keys()) stream.ref();
    for (const channel of this.#channels) channel.ref();
  }

  unref(): void {
    this.#isRef = false;
    this.#listener!.unref();
    for (const { stream } of this.#handshakes.running.keys()) stream.unref();
    for (const channel of this.#channels) channel.unref();
  }
}
