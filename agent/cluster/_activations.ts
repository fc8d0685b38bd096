// Longer than most files: keeps an activation, its state and its end together.
import { isThenable } from "../../channel/internal.ts";
import { describeThrown } from "../../channel/message.ts";
import type { ContainerInternals } from "../_container_internals.ts";
import type { AgentLike } from "../agent_options.ts";
import type { AgentClass, Container } from "../container.ts";
import type { AgentOptions } from "../agent_options.ts";
import { actAsNobody } from "../messages/_acting.ts";
import { agentNotFound } from "../messages/_agent_not_found.ts";
import type { SavedState, StateStore } from "../state/store.ts";
import { AgentFactory } from "../supervision/_agent_factory.ts";
import { setActivation } from "./activation.ts";
import { type Claim, decodeClaim, encodeClaim, type Owner } from "./_claim.ts";
import type { Located } from "./_desk.ts";
import { checkName, keyOf } from "./_keys.ts";
import type { Members } from "./members.ts";
import type { Engine, Entry } from "./engine.ts";
import { EngineError, StaleEpochError } from "./errors.ts";

/**
 * A class whose agents may be placed on nodes. They are made with a given id.
 */
export type OfferedClass = AgentClass<AgentLike, [options: AgentOptions]>;

/** The node, as its activations see it. */
export interface ActivationHost {
  readonly engine: Engine;
  readonly cluster: string;
  readonly container: Container;
  readonly internals: ContainerInternals;
  readonly members: Members;
  readonly owner: Owner;
  /**
   * Returns whether the node holds its lease. If the lease has expired, this
   * ends the node.
   */
  holdsLeaseOrEnds(): boolean;
}

const HERE: Promise<Located> = Promise.resolve({ at: "here" });

/** A virtual agent that lives on this node. */
interface Active {
  readonly id: string;
  readonly key: string;
  readonly epoch: number;
  readonly factory: AgentFactory;
  revision: number;
  /** The state read with the claim, until the agent has loaded it. */
  claimed: Uint8Array | null | undefined;
  /** Set if the agent's state may differ from the saved state. */
  failure: Error | null;
}

/** The virtual agents of one node, and the store of their states. */
export class Activations implements StateStore {
  readonly #host: ActivationHost;
  /** Stores the states of all other agents of the container. */
  readonly #others: StateStore;
  readonly #active = new Map<string, Active>();
  /** Searches and placements in progress, by id. */
  readonly #locating = new Map<string, Promise<Located>>();
  /** The classes that may be placed on this node, by kind. */
  readonly offers: Map<string, OfferedClass> = new Map();
  /** Whether the node refuses new agents. */
  isDraining = false;

  constructor(host: ActivationHost, others: StateStore) {
    this.#host = host;
    this.#others = others;
  }

  /** The number of agents. */
  get size(): number {
    return this.#active.size;
  }

  /**
   * Returns where an agent is. If it is on no node, makes it here.
   *
   * @throws {unknown} The error of the agent.
   */
  locate(id: string): Promise<Located> {
    // Checked first, since a starting agent cannot be called yet.
    const known = this.#locating.get(id);
    if (known !== undefined) return known;
    const active = this.#active.get(id);
    if (
      active !== undefined && isAlive(active) && this.#host.holdsLeaseOrEnds()
    ) {
      return HERE;
    }
    const locating = actAsNobody(() => this.#locate(id));
    this.#locating.set(id, locating);
    const end = () => this.#locating.delete(id);
    locating.then(end, end);
    return locating;
  }

  async #locate(id: string): Promise<Located> {
    const { engine, owner } = this.#host;
    const key = this.#keyOf(id);
    const entry = await engine.get(key);
    const claim = entry === null ? null : decodeClaim(entry.value);
    const isOwn = claim !== null && this.#isOwn(claim);
    if (claim?.owner && !isOwn) {
      const holder = await this.#host.members.find(claim.owner);
      if (holder !== null) return { at: "node", address: holder.address };
    }
    const [kind] = splitId(id);
    const type = this.offers.get(kind);
    const { node } = owner;
    if (type === undefined) {
      return { at: "nowhere", why: `'${node}' does not offer '${kind}'` };
    }
    if (!this.#host.holdsLeaseOrEnds() || this.isDraining) {
      // `drain` releases only active agents, so release an ended one here.
      if (isOwn && !this.#active.has(id)) await this.#release(key, entry);
      return { at: "nowhere", why: `'${node}' leaves the cluster` };
    }
    try {
      await this.#start(id, type, entry?.revision ?? 0, claim?.bytes ?? null);
      return await HERE;
    } catch (error) {
      if (!(error instanceof StaleEpochError)) throw error;
      return { at: "nowhere", why: "another node has just taken it" };
    }
  }

  #keyOf(id: string): string {
    const [kind, name] = splitId(id);
    checkName("find an agent", kind);
    checkName("find an agent", name);
    return keyOf(this.#host.cluster, "agent", kind, name);
  }

  /** Makes an agent after replacing the claim with the revision `expected`. */
  async #start(
    id: string,
    type: OfferedClass,
    expected: number,
    bytes: Uint8Array | null,
  ): Promise<void> {
    const { container, engine, internals, owner } = this.#host;
    // The id is free only after the previous agent has ended.
    const before = this.#active.get(id)?.factory.own;
    if (before) await before.close(Infinity, "it is made again");
    const key = this.#keyOf(id);
    const epoch = await engine.put(
      key,
      encodeClaim({ owner, id: "", bytes }),
      { expected },
    );
    if (!this.#host.holdsLeaseOrEnds()) {
      throw new StaleEpochError(`Cannot place '${id}': the lease has ended`);
    }
    const factory = new AgentFactory(
      type,
      () => {
        const agent = new type(container, { id });
        const [kind, name] = splitId(id);
        setActivation(agent, { type: kind, name, node: owner.node, epoch });
        return agent;
      },
      null,
      id,
    );
    const active: Active = {
      id,
      key,
      epoch,
      factory,
      revision: epoch,
      claimed: bytes,
      failure: null,
    };
    factory.guard = (step) => this.#guard(active, step);
    this.#active.set(id, active);
    try {
      await internals.supervisor.spawn(factory);
    } catch (error) {
      if (this.#active.get(id) === active) this.#active.delete(id);
      throw error;
    }
  }

  /** Runs a method, if no other activation of the agent can have started. */
  #guard(active: Active, step: () => unknown): unknown {
    if (!this.#host.holdsLeaseOrEnds()) throw agentNotFound(active.id);
    const result = step();
    return isThenable(result)
      ? Promise.resolve(result).then((value) => this.#checked(active, value))
      : this.#checked(active, result);
  }

  /**
   * Withholds a result computed from a state that was replaced or not saved.
   */
  #checked(active: Active, result: unknown): unknown {
    if (active.failure !== null) throw active.failure;
    // Never settles: the call ends with the node's connections.
    return this.#host.holdsLeaseOrEnds() ? result : new Promise(() => {});
  }

  /**
   * Ends all agents at once, without saving: other nodes may run them already.
   */
  fence(): void {
    for (const { factory } of this.#active.values()) {
      factory.own?.fail(0, "its node has lost its lease");
    }
    this.#active.clear();
  }

  /** Closes all agents, saves their states, and releases their claims. */
  async drain(graceMs: number): Promise<void> {
    this.isDraining = true;
    await Promise.allSettled(this.#locating.values());
    const all = [...this.#active.values()];
    await Promise.all(all.map(async (active) => {
      await active.factory.own?.close(graceMs, "its node is being drained");
      if (this.#active.get(active.id) !== active) return;
      this.#active.delete(active.id);
      await this.#giveBack(active);
    }));
  }

  async #giveBack({ id, key, epoch }: Active): Promise<void> {
    const { engine, internals } = this.#host;
    try {
      await this.#release(key, await engine.get(key));
    } catch (error) {
      // Another node takes the agent over after this node has left.
      internals.context.report(error, "task", `${id} of epoch ${epoch}`);
    }
  }

  /**
   * Releases the claim of this node on an agent, so that other nodes can take
   * it.
   */
  async #release(key: string, entry: Entry | null): Promise<void> {
    const claim = entry === null ? null : decodeClaim(entry.value);
    if (claim === null || !this.#isOwn(claim)) return;
    const { engine } = this.#host;
    const { bytes } = claim;
    const { revision: expected } = entry!;
    if (bytes === null) return await engine.remove(key, expected);
    const value = encodeClaim({ owner: null, id: "", bytes });
    await engine.put(key, value, { expected });
  }

  #isOwn({ owner }: Claim): boolean {
    const { node, epoch } = this.#host.owner;
    return owner?.node === node && owner.epoch === epoch;
  }

  async load(key: string): Promise<SavedState | null> {
    const active = this.#activeOf(key);
    if (active === null) return await this.#others.load(key);
    let bytes = active.claimed;
    active.claimed = undefined;
    if (bytes === undefined) {
      const entry = await this.#host.engine.get(active.key);
      if (entry?.revision !== active.revision) throw stale(active);
      bytes = decodeClaim(entry.value).bytes;
    }
    return bytes && { bytes, revision: active.revision };
  }

  async save(
    key: string,
    bytes: Uint8Array,
    revision: SavedState["revision"] | null,
  ): Promise<SavedState["revision"]> {
    const active = this.#activeOf(key);
    if (active === null) return await this.#others.save(key, bytes, revision);
    return await this.#put(active, bytes);
  }

  async delete(key: string): Promise<void> {
    const active = this.#activeOf(key);
    if (active === null) await this.#others.delete(key);
    else await this.#put(active, null);
  }

  async #put(active: Active, bytes: Uint8Array | null): Promise<number> {
    const { engine, owner } = this.#host;
    try {
      if (!this.#host.holdsLeaseOrEnds() || active.failure !== null) {
        throw stale(active);
      }
      return active.revision = await engine.put(
        active.key,
        encodeClaim({ owner, id: "", bytes }),
        { expected: active.revision },
      );
    } catch (error) {
      // The agent's memory differs from the saved state, so end the agent: the
      // next activation restores it from the saved state.
      active.failure ??= failureOf(active, error);
      active.factory.own?.fail(0, active.failure.message);
      throw error;
    }
  }

  #activeOf(key: string): Active | null {
    // A key has the form `class/id`.
    return this.#active.get(key.slice(key.indexOf("/") + 1)) ?? null;
  }
}

function isAlive({ factory, failure }: Active): boolean {
  if (failure !== null || factory.own === null) return false;
  return factory.isRestarting || !factory.own.isClosing;
}

function stale({ id, epoch }: Active): StaleEpochError {
  return new StaleEpochError(
    `Cannot use the state of '${id}': its epoch ${epoch} is over`,
  );
}

function failureOf({ id }: Active, error: unknown): EngineError {
  return new EngineError(
    `Cannot answer for '${id}': its state could not be saved, ${
      describeThrown(error)
    }; it may have been changed`,
    { cause: error },
  );
}

/** Returns the kind and the name in the id of a virtual agent. */
export function splitId(id: string): [type: string, name: string] {
  const colon = id.indexOf(":");
  return [id.slice(0, Math.max(0, colon)), id.slice(colon + 1)];
}
