import { abortable } from "../../channel/internal.ts";
import type { ByteStream } from "../../transports/frames/framed_connection.ts";
import {
  type ByteEnd,
  type ByteTransport,
  observed,
} from "../../transports/internal.ts";
import type {
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "../../transports/transport.ts";
import type { NetworkLink } from "./_link.ts";
import { Mailbox } from "./_mailbox.ts";

/** Options for a {@linkcode ProxyListener}. */
export interface ProxyListenerOptions {
  /** The transport of the server behind the proxy. */
  readonly base: Transport;
  /** The transport of bytes below it, which the proxy itself uses. */
  readonly bytes: ByteTransport;
  /** The address of the server, which no client is told. */
  readonly hiddenAddress: string;
  /** The owner of the proxy, in the ledger. */
  readonly owner: object;
  /** Takes over a connection through the proxy. */
  readonly link: (
    front: ByteStream,
    back: ByteStream,
    clientAddress: string,
  ) => NetworkLink;
}

/** A listening server with a proxy in front of it. */
export class ProxyListener implements Listener {
  readonly #options: ProxyListenerOptions;
  readonly #accept: (connection: Connection) => void;
  /** Connections that the server accepted, by the address of their far end. */
  readonly #accepted = new Mailbox<Connection | null>();
  /** Connections through the proxy, by the address of the client. */
  readonly #links = new Mailbox<NetworkLink | null>();
  /** Calls of {@linkcode connect} under way; other clients need no link. */
  #expected = 0;
  readonly #closed = Promise.withResolvers<null>();
  /**
   * The proxy dials one connection at a time: the ends of Unix sockets have no
   * names, so that only their order tells them apart.
   */
  #dialling: Promise<void> = Promise.resolve();
  #back!: Listener;
  #front!: Listener;

  private constructor(
    options: ProxyListenerOptions,
    accept: (connection: Connection) => void,
  ) {
    this.#options = options;
    this.#accept = accept;
  }

  /** Listens at `address`. */
  static async open(
    address: string,
    accept: (connection: Connection) => void,
    listenOptions: TransportListenOptions,
    options: ProxyListenerOptions,
  ): Promise<ProxyListener> {
    const proxy = new ProxyListener(options, accept);
    await proxy.#listen(address, listenOptions);
    return proxy;
  }

  async #listen(
    address: string,
    options: TransportListenOptions,
  ): Promise<void> {
    const { base, bytes, hiddenAddress, owner } = this.#options;
    this.#back = await base.listen(hiddenAddress, (connection) => {
      this.#accepted.post(connection.remoteAddress, connection);
    }, options);
    try {
      this.#front = await bytes.listen(
        address,
        (end) => this.#enter(end),
        options,
      );
    } catch (error) {
      await this.#back.close();
      throw error;
    }
    observed.by?.handed(this, this.#back);
    observed.by?.owned(this.#front, owner);
  }

  get address(): string {
    return this.#front.address;
  }

  /** The server, as the end of its connections. */
  get server(): object {
    return this.#back;
  }

  /** Connects as a client, and finds the link of the connection. */
  async connect(options?: TransportConnectOptions): Promise<Connection> {
    this.#expected++;
    try {
      const { base } = this.#options;
      const connection = await base.connect(this.address, options);
      // With its link, faults apply to the connection from its first byte.
      const link = await this.#linkOf(connection, options?.signal);
      if (link !== null) link.client = connection;
      return connection;
    } finally {
      this.#expected--;
    }
  }

  /**
   * A server may never accept a connection that its client takes for made: with
   * TLS, when the network has lost the last message of the client.
   */
  async #linkOf(
    connection: Connection,
    signal: AbortSignal | undefined,
  ): Promise<NetworkLink | null> {
    const link = Promise.race([
      this.#links.take(connection.localAddress),
      this.#closed.promise,
    ]);
    try {
      return await abortable(link, signal);
    } catch (error) {
      connection.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#front.close(), this.#back.close()]);
    // Connections that the system has made, and no one has accepted.
    for (const it of this.#accepted.clear(null)) it?.close();
    await this.#dialling;
    this.#closed.resolve(null);
  }

  ref(): void {
    this.#front.ref();
    this.#back.ref();
  }

  unref(): void {
    this.#front.unref();
    this.#back.unref();
  }

  #enter(end: ByteEnd): void {
    const isExpected = this.#expected > 0;
    const tell = (link: NetworkLink | null) => {
      if (isExpected) this.#links.post(end.remoteAddress, link);
    };
    this.#dialling = this.#dialling.then(() => this.#dial(end, tell));
  }

  /** If the server cannot be reached, the client sees its connection end. */
  async #dial(
    { stream, remoteAddress }: ByteEnd,
    tell: (link: NetworkLink | null) => void,
  ): Promise<void> {
    const { bytes, link: makeLink } = this.#options;
    let back: ByteEnd;
    try {
      back = await bytes.connect(this.#back.address);
    } catch {
      stream.close();
      return tell(null);
    }
    const link = makeLink(stream, back.stream, remoteAddress);
    const arriving = this.#accepted.take(back.localAddress)
      .then((connection) => this.#hand(connection, link, remoteAddress));
    // A slow server must not delay the connections of other servers' clients.
    Promise.race([arriving, link.ended]).then(() => tell(link));
  }

  #hand(
    connection: Connection | null,
    link: NetworkLink,
    remoteAddress: string,
  ): void {
    if (connection === null) return link.reset();
    link.server = connection;
    this.#accept(withAddresses(connection, this.address, remoteAddress));
  }
}

/** Gives a server's connection the addresses that it would have without a proxy. */
function withAddresses(
  base: Connection,
  localAddress: string,
  remoteAddress: string,
): Connection {
  const addresses: Partial<Connection> = { localAddress, remoteAddress };
  const connection = new Proxy(base, {
    get(_, key) {
      const source = key in addresses ? addresses : base;
      const value: unknown = Reflect.get(source, key, source);
      return typeof value === "function" ? value.bind(base) : value;
    },
  });
  observed.by?.handed(connection, base);
  return connection;
}
