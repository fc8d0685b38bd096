import type { CloseOptions } from "../../channel/channel.ts";
import type { Remote } from "../../rpc/remote.ts";
import { observed } from "../../transports/internal.ts";
import type { Container } from "../container.ts";
import { Group } from "../groups/group.ts";
import { actAsNobody } from "../messages/_acting.ts";
import type { OfferedClass } from "./_activations.ts";
import { checkName } from "./_keys.ts";
import { followMembers, type Member, type MemberChange } from "./members.ts";
import { NodeHost } from "./_node_host.ts";
import type { NodeOptions } from "./node_options.ts";
import type { Leadership } from "./leadership.ts";

/** The default time that a node may take to leave, in milliseconds. */
const GRACE_MS = 5_000;

/** Options for {@linkcode Node.lead} and {@linkcode Node.changes}. */
export interface NodeWaitOptions {
  /** Stops waiting. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A container with a name and a lease in a cluster, which finds agents, groups
 * and leads by their names. Made by {@linkcode Node.join}; the guide is
 * `docs/cluster.md`.
 *
 * ```ts
 * import { Agent, expose } from "@denomas/denomas";
 * import { memoryEngine, Node } from "@denomas/denomas/cluster";
 * import { assertEquals } from "@std/assert";
 *
 * class Counter extends Agent {
 *   #count = 0;
 *   protected override snapshot() {
 *     return this.#count;
 *   }
 *   protected override restore(count: number) {
 *     this.#count = count;
 *   }
 *   @expose
 *   async add(amount: number): Promise<number> {
 *     this.#count += amount;
 *     await this.save();
 *     return this.#count;
 *   }
 * }
 *
 * await using engine = await memoryEngine();
 * await using a = await Node.join("shop", { engine, name: "a" });
 * await using b = await Node.join("shop", { engine, name: "b" });
 * await Promise.all([a.offer({ Counter }), b.offer({ Counter })]);
 *
 * // The same agent, wherever it lives, also once its node has gone.
 * const visits = a.agent<Counter>("Counter", "visits");
 * assertEquals(await visits.add(1), 1);
 * await b.close();
 * assertEquals(await visits.add(1), 2);
 * ```
 *
 * A node that cannot renew its lease in time ends by itself, before others
 * consider it gone: {@linkcode Node.signal} aborts, its agents end without
 * being saved, and its container is closed.
 */
export class Node implements AsyncDisposable {
  readonly #host: NodeHost;

  private constructor(host: NodeHost) {
    this.#host = host;
    observed.by?.handed(this, host);
  }

  /**
   * Joins a cluster. Waits while another node has the same name; a node that
   * has died keeps its name until its lease ends.
   *
   * @throws {StaleEpochError} If another node keeps the name.
   * @throws {EngineError} If the engine cannot be reached.
   * @throws {TypeError} If a name is not allowed.
   * @throws {RangeError} If `leaseMs` is under 1,000.
   * @throws {unknown} The reason of the signal, or the error with which the
   * container failed to listen.
   */
  static async join(cluster: string, options: NodeOptions): Promise<Node> {
    const host = new NodeHost(cluster, options);
    await actAsNobody(() => host.open());
    return new Node(host);
  }

  /** The name of the cluster. */
  get cluster(): string {
    return this.#host.cluster;
  }

  /** The name of the node. */
  get name(): string {
    return this.#host.name;
  }

  /** The container of the node's agents, virtual and others. */
  get container(): Container {
    return this.#host.container;
  }

  /**
   * The epoch of the node. It is greater than that of each earlier node of this
   * name.
   */
  get epoch(): number {
    return this.#host.owner.epoch;
  }

  /**
   * Aborts when the node has left, or has lost its lease. After a loss, the
   * reason is a `StaleEpochError`.
   */
  get signal(): AbortSignal {
    return this.#host.signal;
  }

  /**
   * The known nodes of the cluster, including this one, by name. Empty once the
   * node has left.
   */
  get members(): ReadonlyMap<string, Member> {
    return this.#host.members.byName;
  }

  /** The number of virtual agents on this node. */
  get size(): number {
    return this.#host.activations.size;
  }

  /**
   * Yields the present members as joined, and then each member that joins or
   * leaves. Ends when the node has left.
   *
   * @throws {unknown} The reason of the signal.
   */
  changes({ signal }: NodeWaitOptions = {}): AsyncIterable<MemberChange> {
    return followMembers(this.#host.members, this.signal, signal);
  }

  /**
   * Allows virtual agents of these classes to live on this node, under the
   * given kind names. They are made with `new Class(container, options)`, and
   * must pass the options on to `Agent`. Resolves when the other nodes can see
   * the offer. This node's own calls can place agents here immediately.
   *
   * @throws {TypeError} If a name is not allowed.
   * @throws {ContainerClosedError} If the node has left, or leaves meanwhile.
   */
  async offer(types: Readonly<Record<string, OfferedClass>>): Promise<void> {
    await this.#host.offer(types);
  }

  /**
   * Returns the proxy for the virtual agent of this kind and name. A virtual
   * agent always exists: if it does not run yet, a call makes it on a node that
   * offers its kind. When its node dies, the next call makes it again
   * elsewhere, with its last saved state.
   *
   * If a call was not received, or its method is idempotent, it is made again
   * at the new place; any other lost call rejects. The proxy can be passed to
   * others in this cluster.
   *
   * @typeParam T The class of the agent. It is not checked.
   * @throws {TypeError} If a name is not allowed.
   * @throws {ConnectError} As a rejection of a call, if no node for the agent
   * is found within `retryForMs`.
   * @throws {ContainerClosedError} As a rejection of a call, if the node has
   * left.
   */
  agent<T>(type: string, name: string): Remote<T> {
    checkName("find an agent", type);
    checkName("find an agent", name);
    const { prefix, internals, agents } = this.#host;
    const address = `${prefix}/${type}:${name}`;
    return internals.links.named(address, type, agents.retryForMs) as Remote<T>;
  }

  /**
   * Returns the group of this name in the cluster, whose members may live on
   * any node. It has the same methods as a group of `container.group`, but no
   * home.
   *
   * @typeParam T The class of the members. It is not checked.
   */
  group<T>(name: string): Group<T> {
    checkName("find a group", name);
    return new Group<T>(name, this.container, this.#host.groupEngine);
  }

  /**
   * Waits until no other node leads this name, and then leads it, until the
   * result is disposed of, or the node leaves or loses its lease.
   *
   * @throws {TypeError} If the name is not allowed.
   * @throws {ContainerClosedError} If the node has left, or leaves meanwhile.
   * @throws {unknown} The reason of `signal`.
   */
  async lead(
    name: string,
    { signal }: NodeWaitOptions = {},
  ): Promise<Leadership> {
    checkName("lead", name);
    return await actAsNobody(() => this.#host.lead(name, signal));
  }

  /**
   * Accepts no more virtual agents, saves and releases the present ones, and
   * releases all leads, so that other nodes can take them over at once. Running
   * calls may finish within `graceMs`, by default 5,000. Never rejects.
   */
  async drain({ graceMs = GRACE_MS }: CloseOptions = {}): Promise<void> {
    await this.#host.drain(graceMs);
  }

  /**
   * Drains the node, leaves the cluster and closes the container, all within
   * about `graceMs`, by default 5,000. Can be called repeatedly; never rejects.
   */
  async close({ graceMs = GRACE_MS }: CloseOptions = {}): Promise<void> {
    await this.#host.close({ graceMs });
  }

  /** Closes the node. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Returns the class name and the names of the node and of the cluster. */
  toString(): string {
    return `Node('${this.name}' of '${this.cluster}')`;
  }
}
