import { checkRange, pause, within } from "../../channel/internal.ts";
import { defaultTransports } from "../../transports/defaults.ts";
import { observed, world } from "../../transports/internal.ts";
import {
  type ContainerInternals,
  internalsOf,
} from "../_container_internals.ts";
import { CLUSTER } from "../address.ts";
import { Container } from "../container.ts";
import type { ContainerOptions } from "../container_options.ts";
import type { ContainerClosedError } from "../errors.ts";
import { GroupReceiver } from "../groups/_receiver.ts";
import { memoryStore } from "../state/store.ts";
import { Activations, type OfferedClass } from "./_activations.ts";
import type { Owner } from "./_claim.ts";
import { type Located, NodeDesk } from "./_desk.ts";
import { lead } from "./_election.ts";
import { EngineGroups } from "./_engine_groups.ts";
import { VirtualAgents } from "./_finder.ts";
import { checkName } from "./_keys.ts";
import { decodeMember, encodeMember, type Member, Members } from "./members.ts";
import { NodeLease } from "./_node_lease.ts";
import { endWatch } from "./_patience.ts";
import type { Engine } from "./engine.ts";
import { StaleEpochError } from "./errors.ts";
import type { Leadership } from "./leadership.ts";
import type { NodeOptions } from "./node_options.ts";

/** The shortest lease, in milliseconds. */
const MIN_LEASE_MS = 1_000;

/** The default lease, in milliseconds. */
const LEASE_MS = 9_000;

/** The minimum time for releasing the name, in milliseconds. */
const RELEASE_MS = 500;

/** The parts of a node, from claiming its name to its end. */
export class NodeHost {
  readonly cluster: string;
  readonly name: string;
  readonly engine: Engine;
  readonly leaseMs: number;
  /**
   * The address of the cluster: the prefix of its virtual agents' addresses.
   */
  readonly prefix: string;
  readonly members: Members;
  readonly activations: Activations;
  readonly leads: Set<Leadership> = new Set();
  container!: Container;
  internals!: ContainerInternals;
  /** The group members on this node. */
  groups!: GroupReceiver;
  groupEngine!: EngineGroups;
  agents!: VirtualAgents;
  readonly #id = world.uuid();
  readonly #options: NodeOptions;
  readonly #ending = new AbortController();
  #lease!: NodeLease;
  #watch: AsyncDisposable | null = null;
  #closed: Promise<void> | null = null;

  constructor(cluster: string, options: NodeOptions) {
    const { name = `node-${world.uuid().slice(0, 8)}`, leaseMs = LEASE_MS } =
      options;
    checkName("join a cluster", cluster);
    checkName("join a cluster", name);
    checkRange("leaseMs", leaseMs, MIN_LEASE_MS);
    this.cluster = cluster;
    this.name = name;
    this.leaseMs = leaseMs;
    this.engine = options.engine;
    this.#options = options;
    this.prefix = `${CLUSTER}${cluster}`;
    this.members = new Members(options.engine, cluster);
    this.activations = new Activations(this, options.store ?? memoryStore());
  }

  get owner(): Owner {
    return { node: this.name, epoch: this.#lease.epoch };
  }

  /** Aborts when the node leaves, or has lost its lease. */
  get signal(): AbortSignal {
    return this.#ending.signal;
  }

  /**
   * Returns whether the node holds its lease. If the lease has expired, this
   * ends the node.
   */
  holdsLeaseOrEnds(): boolean {
    return this.#lease.holdsOrEnds();
  }

  /** Joins the cluster. On failure, closes everything that it has opened. */
  async open(): Promise<void> {
    const { engine, leaseMs, activations } = this;
    const { signal, retryForMs = 2 * leaseMs + 2_000 } = this.#options;
    checkRange("retryForMs", retryForMs, 0);
    const address = this.#options.address ?? engine.nodeAddress;
    this.container = await Container.create(address, {
      ...withEngine(this.#options),
      store: activations,
    });
    const describe = () => `'${this.name}' of cluster '${this.cluster}'`;
    observed.by?.opened(this, "node", describe);
    observed.by?.owned(this.container, this);
    try {
      const internals = this.internals = internalsOf(this.container);
      const { access } = internals.context;
      access.name(this.prefix);
      this.groups = new GroupReceiver(internals);
      this.groupEngine = new EngineGroups(this);
      this.agents = new VirtualAgents(
        internals.links,
        this.prefix,
        () => this.#present(),
        { retryForMs, deskMs: leaseMs },
      );
      internals.links.finders.set(this.prefix, this.agents);
      this.container.closed.then(() => this.close({ graceMs: 0 }));
      await this.container.spawn(NodeDesk, this);
      this.#lease = await this.#claim(signal);
      this.#lease.lost.addEventListener("abort", () => this.#onLoss());
      this.members.listen(({ kind, member }) => {
        if (kind === "joined") access.name(member.address);
        // Fail unanswered calls now, not when the connection times out.
        else internals.links.cut(member.address, 0);
      });
      this.#watch = await this.members.follow();
      signal?.throwIfAborted();
      this.#ending.signal.throwIfAborted();
    } catch (error) {
      await this.close({ graceMs: 0 });
      throw error;
    }
  }

  /** Claims the name, after an earlier node of that name is gone. */
  async #claim(signal: AbortSignal | undefined): Promise<NodeLease> {
    const { engine, members, leaseMs, name, cluster } = this;
    const key = members.keyOf(name);
    let until = world.now() + 2 * leaseMs;
    for (let isFirst = true;; isFirst = false) {
      signal?.throwIfAborted();
      try {
        return await NodeLease.claim({
          engine,
          key,
          leaseMs,
          owner: this.container,
          valueOf: (epoch) => this.#record(epoch),
          isOwn: (entry) => decodeMember(entry).id === this.#id,
        });
      } catch (error) {
        if (!(error instanceof StaleEpochError)) throw error;
      }
      const entry = await engine.get(key);
      const holder = entry === null ? null : decodeMember(entry);
      if (isFirst && holder !== null) {
        until = world.now() + 2 * Math.max(leaseMs, holder.leaseMs);
      }
      if (world.now() > until) {
        throw new StaleEpochError(
          `Cannot join '${cluster}': another node has the name '${name}' and renews its lease, choose another name`,
        );
      }
      await pause(Math.min(leaseMs / 10, 500), signal);
    }
  }

  #record(epoch: number | null): Uint8Array {
    const { name, leaseMs, activations, container } = this;
    return encodeMember({
      name,
      address: container.address,
      epoch,
      offers: [...activations.offers.keys()],
      isDraining: activations.isDraining,
      id: this.#id,
      leaseMs,
    });
  }

  /** The present members. This node's own offers may not be published yet. */
  *#present(): Iterable<Member> {
    const { name, activations } = this;
    for (const member of this.members.byName.values()) {
      if (member.name !== name) yield member;
    }
    yield {
      name,
      address: this.container.address,
      epoch: this.owner.epoch,
      offers: [...activations.offers.keys()],
      isDraining: activations.isDraining,
    };
  }

  locate(id: string): Promise<Located> {
    return this.activations.locate(id);
  }

  /** Adds classes. Resolves when the other nodes can see them. */
  async offer(types: Readonly<Record<string, OfferedClass>>): Promise<void> {
    for (const kind of Object.keys(types)) checkName("offer agents", kind);
    for (const [kind, type] of Object.entries(types)) {
      this.activations.offers.set(kind, type);
    }
    await this.#lease.update().catch(() => {
      throw this.#endedError("offer agents");
    });
  }

  /** Waits until this node leads. */
  async lead(
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<Leadership> {
    const ending = this.#ending.signal;
    const either = AbortSignal.any([ending, ...signal ? [signal] : []]);
    try {
      // Without this, a node whose engine is away waits for the engine first.
      either.throwIfAborted();
      const led = await lead(this, name, either);
      this.leads.add(led);
      led.signal.addEventListener("abort", () => this.leads.delete(led));
      return led;
    } catch (error) {
      const hasEnded = ending.aborted && error !== signal?.reason;
      throw hasEnded ? this.#endedError(`lead '${name}'`) : error;
    }
  }

  /** Returns the error for an attempt that needs a node in the cluster. */
  #endedError(act: string): ContainerClosedError {
    const { reason } = this.#ending.signal;
    return this.internals.context.closedError(act, { cause: reason });
  }

  /**
   * Releases the virtual agents and leads, and accepts no more. Never rejects.
   */
  async drain(graceMs: number): Promise<void> {
    this.activations.isDraining = true;
    const leads = [...this.leads].map((it) => it[Symbol.asyncDispose]());
    // Bounded by `graceMs`, since the engine may be away.
    await within(
      graceMs,
      Promise.allSettled([
        this.#lease.update(),
        ...leads,
        this.activations.drain(graceMs),
      ]),
    );
  }

  /** Called when the lease is lost or released. */
  #onLoss(): void {
    const { reason } = this.#lease.lost;
    this.#ending.abort(reason);
    if (this.#closed !== null) return;
    this.internals.context.report(reason, "task", this.container.address);
    this.activations.fence();
    this.close({ graceMs: 0 });
  }

  /** Leaves the cluster. Can be called repeatedly; never rejects. */
  close({ graceMs }: { readonly graceMs: number }): Promise<void> {
    return this.#closed ??= this.#close(world.now() + graceMs);
  }

  async #close(until: number): Promise<void> {
    const rest = () => Math.max(0, until - world.now());
    const lease: NodeLease | undefined = this.#lease;
    if (lease?.holdsOrEnds()) await this.drain(rest());
    this.#ending.abort(new DOMException("The node has left", "AbortError"));
    // Closed first: once the lease is gone, others cut their connections.
    await this.container.close({ graceMs: rest() });
    this.members.end();
    await Promise.all([
      lease?.release(Math.max(rest(), RELEASE_MS)),
      endWatch(this.#watch, this.container),
    ]);
    observed.by?.closed(this);
  }
}

/** Adds the engine's transports to the container's transports. */
function withEngine({ engine, ...options }: NodeOptions): ContainerOptions {
  if (engine.transports.length === 0) return options;
  const { tls, transports } = options;
  const own = defaultTransports({
    transports,
    // The same default as in a container.
    tls: tls && { ...tls, clientCerts: tls.clientCerts ?? "require" },
  });
  const all = [...engine.transports, ...own];
  return { ...options, tls: undefined, transports: all };
}
