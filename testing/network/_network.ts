import { abortable } from "../../channel/internal.ts";
import { defaultTransports } from "../../transports/defaults.ts";
import { observed } from "../../transports/internal.ts";
import { memoryStreams } from "../../transports/memory.ts";
import type {
  Connection,
  Listener,
  Transport,
  TransportConnectOptions,
} from "../../transports/transport.ts";
import type {
  Network,
  NetworkBandwidth,
  NetworkConnections,
  NetworkDelay,
  NetworkHalfOpen,
  NetworkPieces,
  NetworkStats,
  NetworkWhere,
} from "../network_contract.ts";
import {
  type BelongsTo,
  chooses,
  conditionsOf,
  type Ends,
  type Fault,
} from "./_faults.ts";
import { NetworkLink } from "./_link.ts";
import type { Pipe } from "./_pipe.ts";

/** The default maximum length of a piece, in bytes. */
const PIECE_BYTES = 16;

/** Options for a {@linkcode StepNetwork}. */
export interface StepNetworkOptions {
  /** The seed of all random numbers. */
  readonly seed: number;
  /** The base transport, which carries the bytes of the step's transport. */
  readonly base: Transport;
  /** Returns the step's transport, such as TLS, on top of `plain`. */
  readonly wrap?: ((plain: Transport) => Transport) | undefined;
  readonly belongs: BelongsTo;
  /** Whether an object can own connections. */
  readonly isOwner: (owner: object) => boolean;
}

/**
 * The {@linkcode Network} of one step. It puts a link between each connection
 * that a server accepts and the server's end of it, and owns the links.
 */
export class StepNetwork implements Network, AsyncDisposable {
  readonly seed: number;
  readonly #options: StepNetworkOptions;
  readonly #faults = new Set<Fault>();
  readonly #links = new Set<NetworkLink>();
  /** The servers of this step, by address. */
  readonly #listeners = new Map<string, Listener>();
  /**
   * The number of connections being made by this step, which wait for a link.
   */
  #expected = 0;
  #linkCount = 0;
  #lostBytes = 0;
  #hasEnded = false;
  #hasBrokenOff = false;
  #changed = Promise.withResolvers<void>();

  /** Creates a network without faults. */
  constructor(options: StepNetworkOptions) {
    this.seed = options.seed;
    this.#options = options;
    observed.by?.opened(this, "network", () => `seed ${this.seed}`);
  }

  /**
   * Whether it has broken off connections, which may leave frames unfinished.
   */
  get hasBrokenOff(): boolean {
    return this.#hasBrokenOff;
  }

  /**
   * Returns a transport through this network. `origin` returns the owner of the
   * transport's connections, once the owner is known.
   */
  transport(origin: () => object | null = () => null): Transport {
    const { base: { scheme }, wrap } = this.#options;
    const plain: Transport = {
      scheme,
      listen: (...args) => this.#listen(...args),
      connect: (address, options) => this.#connect(address, options, origin),
    };
    return wrap === undefined ? plain : wrap(plain);
  }

  /** Returns that transport, plus the default ones for all other schemes. */
  transports(origin?: () => object | null): Transport[] {
    const own = this.transport(origin);
    const others = defaultTransports().filter((it) => it.scheme !== own.scheme);
    return [own, ...others];
  }

  async #listen(
    ...[address, accept, options]: Parameters<Transport["listen"]>
  ): Promise<Listener> {
    const listener = await this.#options.base.listen(
      address,
      (connection) => accept(this.#enter(connection)),
      options,
    );
    this.#listeners.set(listener.address, listener);
    const handle: Listener = {
      address: listener.address,
      close: async () => {
        await listener.close();
        if (this.#listeners.get(listener.address) !== listener) return;
        this.#listeners.delete(listener.address);
        this.#wake();
      },
      ref: () => listener.ref(),
      unref: () => listener.unref(),
    };
    observed.by?.handed(handle, listener);
    return handle;
  }

  async #connect(
    address: string,
    options: TransportConnectOptions = {},
    origin: () => object | null,
  ): Promise<Connection> {
    const server = this.#listeners.get(address) ?? null;
    const isCutOff = () =>
      this.#faultsOf({ client: origin(), server })
        .some(({ isCutOff }) => isCutOff);
    while (server !== null && isCutOff()) {
      await abortable(this.#changed.promise, options.signal);
    }
    this.#expected++;
    try {
      const connection = await this.#options.base.connect(address, options);
      // Wait for the link, so that a fault that begins now applies to it.
      await this.#linkOf(connection, options.signal);
      return connection;
    } finally {
      this.#expected--;
    }
  }

  /** Waits until the server of this step has accepted a client's connection. */
  async #linkOf(
    connection: Connection,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { localAddress, remoteAddress } = connection;
    while (this.#listeners.has(remoteAddress)) {
      const link = [...this.#links].find((link) =>
        link.isExpected && link.client === null &&
        link.clientAddress === localAddress
      );
      if (link !== undefined) return void (link.client = connection);
      try {
        await abortable(this.#changed.promise, signal);
      } catch (error) {
        connection.stream.close();
        throw error;
      }
    }
  }

  /** Routes a connection that a server accepts through a link. */
  #enter(connection: Connection): Connection {
    const [stream, far] = memoryStreams();
    const near = { ...connection, stream };
    // Until a channel takes the connection, it belongs to the listener.
    const listener = this.#listeners.get(connection.localAddress);
    if (listener !== undefined) observed.by?.owned(near, listener);
    const number = ++this.#linkCount;
    const link = new NetworkLink({
      front: connection.stream,
      back: far,
      clientAddress: connection.remoteAddress,
      isExpected: this.#expected > 0,
      server: near,
      seed: (this.seed + number * 0x9e37_79b9) >>> 0,
      conditions: (link, towards) =>
        conditionsOf(this.#faultsOf(link), towards),
    });
    observed.by?.owned(link, this);
    this.#links.add(link);
    link.ended.then(() => {
      this.#links.delete(link);
      for (const { lostBytes } of link.pipes) this.#lostBytes += lostBytes;
    });
    if (this.#hasEnded) link.reset();
    this.#wake();
    return near;
  }

  delay({ delayMs, jitterMs = 0, ...where }: NetworkDelay): Disposable {
    for (const [name, ms] of Object.entries({ delayMs, jitterMs })) {
      check("delay", name, ms, ms >= 0 && ms < Infinity);
    }
    return this.#begin({ delayMs, jitterMs, ...where });
  }

  bandwidth({ bytesPerSecond, ...where }: NetworkBandwidth): Disposable {
    const isRight = bytesPerSecond > 0;
    check("limit bandwidth", "bytesPerSecond", bytesPerSecond, isRight);
    return this.#begin({ bytesPerSecond, ...where });
  }

  pieces({ maxBytes = PIECE_BYTES, ...where }: NetworkPieces = {}): Disposable {
    const isRight = Number.isInteger(maxBytes) && maxBytes > 0;
    check("cut in pieces", "maxBytes", maxBytes, isRight);
    return this.#begin({ pieceBytes: maxBytes, ...where });
  }

  hold(where: NetworkWhere = {}): Disposable {
    return this.#begin({ isHeld: true, ...where });
  }

  release(): void {
    for (const fault of this.#faults) {
      if (fault.isHeld) this.#faults.delete(fault);
    }
    this.#wake();
  }

  blackHole(where: NetworkWhere = {}): Disposable {
    return this.#begin({ isLost: true, ...where });
  }

  partition(where: NetworkConnections = {}): Disposable {
    return this.#begin({ isCutOff: true, ...where });
  }

  heal(): void {
    this.#faults.clear();
    this.#wake();
  }

  reset(where: NetworkConnections = {}): number {
    return this.#breakOff(this.#linksOf(where), (link) => link.reset());
  }

  halfOpen({ openAt, ...where }: NetworkHalfOpen): number {
    return this.#breakOff(
      this.#linksOf(where),
      (link) => link.halfOpen(openAt),
    );
  }

  stats(): NetworkStats {
    let heldBytes = 0;
    let lostBytes = this.#lostBytes;
    for (const pipe of this.#pipes()) {
      heldBytes += pipe.heldBytes;
      lostBytes += pipe.lostBytes;
    }
    return { connections: this.#links.size, heldBytes, lostBytes };
  }

  /**
   * Ends all faults, and breaks off connections that still hold bytes or have
   * lost some.
   */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.heal();
    const disturbed = [...this.#links].filter(({ pipes }) =>
      pipes.some(({ isDisturbed }) => isDisturbed)
    );
    this.#breakOff(disturbed, (link) => link.reset());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    this.reset();
    await Promise.all([...this.#links].map(({ ended }) => ended));
    observed.by?.closed(this);
  }

  #breakOff(
    links: readonly NetworkLink[],
    breakOff: (link: NetworkLink) => void,
  ): number {
    if (links.length > 0) this.#hasBrokenOff = true;
    for (const link of links) breakOff(link);
    return links.length;
  }

  #begin(fault: Fault): Disposable {
    this.#checkOwners(fault);
    this.#faults.add(fault);
    this.#wake();
    return {
      [Symbol.dispose]: () => {
        if (this.#faults.delete(fault)) this.#wake();
      },
    };
  }

  #pipes(): Pipe[] {
    return [...this.#links].flatMap(({ pipes }) => pipes);
  }

  /** Makes everything that waits check the faults again. */
  #wake(): void {
    for (const pipe of this.#pipes()) pipe.wake();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #linksOf(where: NetworkConnections): NetworkLink[] {
    this.#checkOwners(where);
    const { belongs } = this.#options;
    return [...this.#links].filter((link) => chooses(where, link, belongs));
  }

  #faultsOf(ends: Ends): Fault[] {
    const { belongs } = this.#options;
    return [...this.#faults].filter((fault) => chooses(fault, ends, belongs));
  }

  #checkOwners({ of, between }: NetworkConnections): void {
    for (const owner of [of ?? [], between ?? []].flat()) {
      if (this.#options.isOwner(owner)) continue;
      throw new TypeError(
        `Cannot choose connections of '${owner.constructor?.name}': it has none of its own, name a server, channel, client or container of this step`,
      );
    }
  }
}

function check(
  act: string,
  name: string,
  value: number,
  isRight: boolean,
): void {
  if (isRight) return;
  throw new RangeError(
    `Cannot ${act}: '${name}' is ${value}, which is out of range`,
  );
}
