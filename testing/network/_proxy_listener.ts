import { abortable } from "../../channel/timers/_abortable.ts";
import type { ByteEnd, ByteTransport } from "../../transports/internal.ts";
import type { ByteStream } from "../../transports/frames/framed_connection.ts";
import { observed } from "../../transports/internal.ts";
import type {
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
  TransportListenOptions,
} from "../../transports/transport.ts";
import { ForwardedConnection } from "./_forwarded_connection.ts";
import { Mailbox } from "./_mailbox.ts";
import type { NetworkLink } from "./_link.ts";

/** What a {@linkcode Gate} is made with. */
export interface GateOptions {
  /** How the server listens. */
  readonly base: Transport;
  /** The bytes below it. */
  readonly bytes: ByteTransport;
  /** Where the server listens, which nobody else is told. */
  readonly hiddenAddress: string;
  /** To whom the proxy's listener belongs. */
  readonly owner: object;
  /** Takes over a connection through the proxy. */
  readonly link: (
    front: ByteStream,
    back: ByteStream,
    clientAddress: string,
  ) => NetworkLink;
}

/** A listening server with a proxy before it. */
export class Gate implements Listener {
  readonly #options: GateOptions;
  readonly #accept: (connection: Connection) => void;
  /** Connections that the server accepted, by the address of their far end. */
  readonly #accepted = new Mailbox<Connection | null>();
  /** Connections through the proxy, by the address of the client. */
  readonly #links = new Mailbox<NetworkLink | null>();
  /** Clients that {@linkcode connect}; nobody asks for the links of others. */
  #expected = 0;
  readonly #closed = Promise.withResolvers<null>();
  /**
   * One at a time: the system gives the ends of Unix sockets no names, so that
   * only their order tells them apart.
   */
  #dialling: Promise<void> = Promise.resolve();
  #back!: Listener;
  #front!: Listener;

  private constructor(
    options: GateOptions,
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
    options: GateOptions,
  ): Promise<Gate> {
    const gate = new Gate(options, accept);
    await gate.#listen(address, listenOptions);
    return gate;
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

  /** What stands for the server at the end of its connections. */
  get server(): object {
    return this.#back;
  }

  /** Connects as a client does, and knows which connection it made. */
  async connect(options?: TransportConnectOptions): Promise<Connection> {
    this.#expected++;
    try {
      const { base } = this.#options;
      const connection = await base.connect(this.address, options);
      // Only then a fault that begins now meets the connection.
      const link = await this.#linkOf(connection, options?.signal);
      if (link !== null) link.client = connection;
      return connection;
    } finally {
      this.#expected--;
    }
  }

  /**
   * A server may never accept what its client takes for made: with TLS, when
   * the network has lost what the client said last.
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
    // Connections that the system had taken, and nobody accepted any more.
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

  /** A client that cannot be led on sees its connection end. */
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
    // A server that takes its time must not keep others from being led on.
    Promise.race([arriving, link.ended]).then(() => tell(link));
  }

  #hand(
    connection: Connection | null,
    link: NetworkLink,
    remoteAddress: string,
  ): void {
    if (connection === null) return link.reset();
    link.server = connection;
    this.#accept(
      new ForwardedConnection(connection, this.address, remoteAddress),
    );
  }
}
