import { abortable } from "../../channel/timers/_abortable.ts";
import { transportFor } from "../../channel/_transport_for.ts";
import { schemeOf } from "../../transports/address.ts";
import type { ByteTransport } from "../../transports/internal.ts";
import type { ByteStream } from "../../transports/frames/framed_connection.ts";
import { observed } from "../../transports/internal.ts";
import type { Connection, Transport } from "../../transports/transport.ts";
import {
  type BelongsTo,
  chooses,
  type Effect,
  type Ends,
  type Fault,
  weatherOf,
} from "./_faults.ts";
import { Gate } from "./_proxy_listener.ts";
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
import { NetworkLink } from "./_link.ts";

/** The longest piece, in bytes, where nothing else is asked for. */
const PIECE_BYTES = 16;

/** What a {@linkcode StepNetwork} is made with. */
export interface NetworkParts {
  /** What all that is random is drawn from. */
  readonly seed: number;
  /** How servers listen, and clients connect. */
  readonly base: Transport;
  /** The bytes below that. */
  readonly bytes: ByteTransport;
  /** Another address at which nobody listens, each time. */
  readonly nextAddress: () => string;
  readonly belongs: BelongsTo;
  /** Whether connections can belong to this. */
  readonly isOwner: (owner: object) => boolean;
}

/** The {@linkcode Network} of one step. It owns its proxies. */
export class StepNetwork implements Network, AsyncDisposable {
  readonly seed: number;
  readonly #parts: NetworkParts;
  readonly #faults = new Set<Fault>();
  readonly #links = new Set<NetworkLink>();
  /** Servers, by the address that clients are told. */
  readonly #gates = new Map<string, Gate>();
  #connections = 0;
  #lostBytes = 0;
  #hasEnded = false;
  #hasBrokenOff = false;
  #changed = Promise.withResolvers<void>();

  /** Begins with no faults. */
  constructor(parts: NetworkParts) {
    this.seed = parts.seed;
    this.#parts = parts;
    observed.by?.opened(this, "network", () => `seed ${this.seed}`);
  }

  /** Whether it broke connections off, which may leave frames unfinished. */
  get hasBrokenOff(): boolean {
    return this.#hasBrokenOff;
  }

  /**
   * A transport through this network; `origin` tells who connects by it, once
   * that is known.
   */
  transport(origin: () => object | null = () => null): Transport {
    return {
      scheme: this.#parts.base.scheme,
      listen: (address, accept, options = {}) =>
        this.#listen(address, accept, options),
      connect: (address, options) => this.#connect(address, options, origin),
    };
  }

  async #listen(...args: Parameters<Transport["listen"]>): Promise<Gate> {
    const [address, accept, options = {}] = args;
    const { base, bytes, nextAddress } = this.#parts;
    const gate = await Gate.open(address, accept, options, {
      base,
      bytes,
      hiddenAddress: nextAddress(),
      owner: this,
      link: (front, back, client) => this.#link(front, back, client),
    });
    this.#gates.set(gate.address, gate);
    return gate;
  }

  async #connect(
    address: string,
    options: Parameters<Transport["connect"]>[1],
    origin: () => object | null,
  ): Promise<Connection> {
    const gate = this.#gates.get(address);
    if (gate === undefined) {
      return await this.#connectElsewhere(address, options);
    }
    const isCutOff = () =>
      [...this.#faults].some((fault) =>
        fault.effect.holds === "partition" &&
        this.#chooses(fault, { client: origin(), server: gate.server })
      );
    while (isCutOff()) {
      await abortable(this.#changed.promise, options?.signal);
    }
    return await gate.connect(options);
  }

  /** To what is no server of this step. */
  #connectElsewhere(
    ...[address, options]: Parameters<Transport["connect"]>
  ): Promise<Connection> {
    const { base } = this.#parts;
    const own = schemeOf(address) === base.scheme ? base : undefined;
    return transportFor(address, own).connect(address, options);
  }

  #link(
    front: ByteStream,
    back: ByteStream,
    clientAddress: string,
  ): NetworkLink {
    const number = ++this.#connections;
    const link = new NetworkLink({
      front,
      back,
      name: `proxy of ${clientAddress}`,
      seed: (this.seed + number * 0x9e37_79b9) >>> 0,
      weather: (link, towards) => weatherOf(this.#faultsOf(link), towards),
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

  delay({ ms, jitterMs = 0, ...where }: NetworkDelay): Disposable {
    check("delay", "ms", ms, ms >= 0 && ms < Infinity);
    check("delay", "jitterMs", jitterMs, jitterMs >= 0 && jitterMs < Infinity);
    return this.#begin(where, { delayMs: ms, jitterMs });
  }

  bandwidth({ bytesPerSecond, ...where }: NetworkBandwidth): Disposable {
    const isRight = bytesPerSecond > 0;
    check("limit bandwidth", "bytesPerSecond", bytesPerSecond, isRight);
    return this.#begin(where, { bytesPerSecond });
  }

  pieces({ maxBytes = PIECE_BYTES, ...where }: NetworkPieces = {}): Disposable {
    check(
      "cut in pieces",
      "maxBytes",
      maxBytes,
      Number.isInteger(maxBytes) && maxBytes > 0,
    );
    return this.#begin(where, { pieceBytes: maxBytes });
  }

  hold(where: NetworkWhere = {}): Disposable {
    return this.#begin(where, { holds: "hold" });
  }

  release(): void {
    for (const fault of this.#faults) {
      if (fault.effect.holds === "hold") this.#faults.delete(fault);
    }
    this.#change();
  }

  blackHole(where: NetworkWhere = {}): Disposable {
    return this.#begin(where, { loses: true });
  }

  partition(where: NetworkConnections = {}): Disposable {
    return this.#begin(where, { holds: "partition" });
  }

  heal(): void {
    this.#faults.clear();
    this.#change();
  }

  reset(where: NetworkConnections = {}): number {
    const links = this.#chosen(where);
    for (const link of links) this.#breakOff(link);
    return links.length;
  }

  halfOpen({ openAt, ...where }: NetworkHalfOpen): number {
    const links = this.#chosen(where);
    if (links.length > 0) this.#hasBrokenOff = true;
    for (const link of links) link.loseSide(openAt);
    return links.length;
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

  /** The step is over: faults end, and what they hold or have lost breaks. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.heal();
    for (const link of this.#links) {
      if (link.isDisturbed) this.#breakOff(link);
    }
  }

  #breakOff(link: NetworkLink): void {
    this.#hasBrokenOff = true;
    link.reset();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.end();
    this.reset();
    await Promise.all([...this.#links].map(({ ended }) => ended));
    observed.by?.closed(this);
  }

  #begin(where: NetworkWhere, effect: Effect): Disposable {
    this.#check(where);
    const fault: Fault = { where, effect };
    this.#faults.add(fault);
    this.#change();
    return {
      [Symbol.dispose]: () => {
        if (this.#faults.delete(fault)) this.#change();
      },
    };
  }

  #change(): void {
    for (const link of this.#links) link.wake();
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  #chosen(where: NetworkConnections): NetworkLink[] {
    this.#check(where);
    return [...this.#links].filter((link) => this.#chooses({ where }, link));
  }

  #faultsOf(link: NetworkLink): Fault[] {
    return [...this.#faults].filter((fault) => this.#chooses(fault, link));
  }

  #chooses({ where }: Pick<Fault, "where">, ends: Ends): boolean {
    return chooses(where, ends, this.#parts.belongs);
  }

  #check({ of, between }: NetworkConnections): void {
    for (const owner of [of ?? [], between ?? []].flat()) {
      if (this.#parts.isOwner(owner)) continue;
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
