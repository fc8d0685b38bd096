import { abortable } from "../../channel/internal.ts";
import { defaultTransports } from "../../transports/defaults.ts";
import type { ByteStream } from "../../transports/frames/framed_connection.ts";
import { type ByteTransport, observed } from "../../transports/internal.ts";
import type { Connection, Transport } from "../../transports/transport.ts";
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
import { ProxyListener } from "./_proxy_listener.ts";

/** The longest piece, in bytes, where the test names none. */
const PIECE_BYTES = 16;

/** Options for a {@linkcode StepNetwork}. */
export interface StepNetworkOptions {
  /** The seed of all random numbers. */
  readonly seed: number;
  /** The transport of servers and clients. */
  readonly base: Transport;
  /** The transport of bytes below it. */
  readonly bytes: ByteTransport;
  /** Returns an unused address, another one each time. */
  readonly nextAddress: () => string;
  readonly belongs: BelongsTo;
  /** Whether an object can own connections. */
  readonly isOwner: (owner: object) => boolean;
}

/** The {@linkcode Network} of one step. It owns its proxies. */
export class StepNetwork implements Network, AsyncDisposable {
  readonly seed: number;
  readonly #options: StepNetworkOptions;
  readonly #faults = new Set<Fault>();
  readonly #links = new Set<NetworkLink>();
  /** The proxies, by the address that clients are told. */
  readonly #proxies = new Map<string, ProxyListener>();
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

  /** Whether it broke connections off, which may leave frames unfinished. */
  get hasBrokenOff(): boolean {
    return this.#hasBrokenOff;
  }

  /**
   * Returns a transport through this network; `origin` returns the owner of the
   * connections that it makes, once that is known.
   */
  transport(origin: () => object | null = () => null): Transport {
    const { base, bytes, nextAddress } = this.#options;
    return {
      scheme: base.scheme,
      listen: async (address, accept, options = {}) => {
        const proxy = await ProxyListener.open(address, accept, options, {
          base,
          bytes,
          hiddenAddress: nextAddress(),
          owner: this,
          link: (...ends) => this.#link(...ends),
        });
        this.#proxies.set(proxy.address, proxy);
        return proxy;
      },
      connect: (address, options) => this.#connect(address, options, origin),
    };
  }

  /** Returns that transport, and the default ones for all other schemes. */
  transports(origin?: () => object | null): Transport[] {
    const own = this.transport(origin);
    const others = defaultTransports().filter((it) => it.scheme !== own.scheme);
    return [own, ...others];
  }

  async #connect(
    address: string,
    options: Parameters<Transport["connect"]>[1],
    origin: () => object | null,
  ): Promise<Connection> {
    const proxy = this.#proxies.get(address);
    if (proxy === undefined) {
      return await this.#options.base.connect(address, options);
    }
    const isCutOff = () =>
      this.#faultsOf({ client: origin(), server: proxy.server })
        .some(({ isPartition }) => isPartition);
    while (isCutOff()) {
      await abortable(this.#changed.promise, options?.signal);
    }
    return await proxy.connect(options);
  }

  #link(
    front: ByteStream,
    back: ByteStream,
    clientAddress: string,
  ): NetworkLink {
    const number = ++this.#linkCount;
    const link = new NetworkLink({
      front,
      back,
      name: `proxy of ${clientAddress}`,
      seed: (this.seed + number * 0x9e37_79b9) >>> 0,
      conditions: (link, towards) =>
        conditionsOf(this.#faultsOf(link), towards),
    });
    observed.by?.owned(link, this);
    this.#links.add(link);
    link.ended.then(() => {
      this.#links.delete(link);
      this.#lostBytes += link.lostBytes;
    });
    if (this.#hasEnded) link.reset();
    return link;
  }

  delay({ delayMs: ms, jitterMs = 0, ...where }: NetworkDelay): Disposable {
    check("delay", "ms", ms, ms >= 0 && ms < Infinity);
    check("delay", "jitterMs", jitterMs, jitterMs >= 0 && jitterMs < Infinity);
    return this.#begin({ where, effect: { delayMs: ms, jitterMs } });
  }

  bandwidth({ bytesPerSecond, ...where }: NetworkBandwidth): Disposable {
    const isRight = bytesPerSecond > 0;
    check("limit bandwidth", "bytesPerSecond", bytesPerSecond, isRight);
    return this.#begin({ where, effect: { bytesPerSecond } });
  }

  pieces({ maxBytes = PIECE_BYTES, ...where }: NetworkPieces = {}): Disposable {
    const isRight = Number.isInteger(maxBytes) && maxBytes > 0;
    check("cut in pieces", "maxBytes", maxBytes, isRight);
    return this.#begin({ where, effect: { pieceBytes: maxBytes } });
  }

  hold(where: NetworkWhere = {}): Disposable {
    return this.#begin({ where, effect: { isHeld: true } });
  }

  release(): void {
    for (const fault of this.#faults) {
      const isHold = fault.effect.isHeld && !fault.isPartition;
      if (isHold) this.#faults.delete(fault);
    }
    this.#wake();
  }

  blackHole(where: NetworkWhere = {}): Disposable {
    return this.#begin({ where, effect: { isLost: true } });
  }

  partition(where: NetworkConnections = {}): Disposable {
    return this.#begin({ where, effect: { isHeld: true }, isPartition: true });
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
    for (const link of this.#links) {
      heldBytes += link.heldBytes;
      lostBytes += link.lostBytes;
    }
    return { connections: this.#links.size, heldBytes, lostBytes };
  }

  /** Ends all faults; connections that one holds or has robbed break off. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.heal();
    const disturbed = [...this.#links].filter((link) => link.isDisturbed);
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
    this.#checkOwners(fault.where);
    this.#faults.add(fault);
    this.#wake();
    return {
      [Symbol.dispose]: () => {
        if (this.#faults.delete(fault)) this.#wake();
      },
    };
  }

  /** Lets all that waits look at the faults again. */
  #wake(): void {
    for (const link of this.#links) link.wake();
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
    return [...this.#faults]
      .filter(({ where }) => chooses(where, ends, belongs));
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
