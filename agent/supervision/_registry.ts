import { call } from "../../rpc/call.ts";
import { AgentNotFoundError } from "../../rpc/errors.ts";
import { expose } from "../../rpc/expose.ts";
import { Router } from "../../rpc/service.ts";
import { abortable } from "../../channel/timers/_abortable.ts";
import { printable } from "../../transports/printable.ts";
import { checkAgentId } from "../_agent_id.ts";
import { classNameOf } from "../_class_name.ts";
import type { AgentOptions, Resident } from "../container_contract.ts";
import { ContainerClosedError } from "../errors.ts";
import { restartsOf } from "./_restart_policy.ts";
import {
  describe,
  GRACE_MS,
  type Landlord,
  Residence,
} from "./_agent_lifecycle.ts";
import { Origin, Restarts } from "./_restarts.ts";

/** What a registry needs of its container. */
export interface RegistryOptions {
  /** To whom the agents belong: the container. */
  readonly owner: object;
  /** The container's address. */
  readonly address: () => string;
  /** Hears of what nobody awaits. */
  readonly report: (error: unknown, address: string) => void;
  /** Closes the container, since an agent of it failed. */
  readonly escalate: (error: unknown) => void;
}

/** An agent that is being made by {@linkcode Registry.spawn}. */
interface Making {
  readonly origin: Origin;
  /** The agent itself, once it has registered. */
  own: Residence | null;
  /** All that registered in the meantime. */
  readonly made: Residence[];
}

const registries = new WeakMap<object, Registry>();

/**
 * The registry of a container, of which others see nothing.
 *
 * @throws {TypeError} If this is no container.
 */
export function registryOf(container: object): Registry {
  const registry = registries.get(container);
  if (registry !== undefined) return registry;
  throw new TypeError(
    "Cannot make an agent: its container was not made by 'Container.create', pass one that was",
  );
}

/** Makes `registry` known as that of `container`. */
export function setRegistry(container: object, registry: Registry): void {
  registries.set(container, registry);
}

/** The agents of one container: their ids, their lives, and who watches. */
export class Registry implements Landlord {
  /** The agents that others can see. */
  readonly visible: Router<Resident> = new Router({ missing: notFound });
  readonly #options: RegistryOptions;
  readonly #residences = new Map<string, Residence>();
  readonly #watches = new Map<string, Set<(reason: string) => void>>();
  readonly #restarts: Restarts;
  #isOpen = true;
  #nextId = 0;
  #making: Making | null = null;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#restarts = new Restarts({
      owner: options.owner,
      again: (origin) => this.spawn(origin),
      report: options.report,
    });
  }

  get address(): string {
    return this.#options.address();
  }

  get owner(): object {
    return this.#options.owner;
  }

  /** How many agents there are, hidden ones included. */
  get size(): number {
    return this.#residences.size;
  }

  /** How many watches there are. */
  get watches(): number {
    let count = 0;
    for (const watches of this.#watches.values()) count += watches.size;
    return count;
  }

  /** Makes and starts an agent. */
  async spawn(origin: Origin): Promise<Resident> {
    const making: Making = { origin, own: null, made: [] };
    try {
      this.#make(making);
    } catch (error) {
      const reason = `it could not be made: ${describe(error)}`;
      await Promise.all(making.made.map((it) => it.fail(0, reason)));
      throw error;
    }
    await making.own!.start();
    return making.own!.agent;
  }

  #make(making: Making): void {
    const before = this.#making;
    this.#making = making;
    let agent: Resident;
    try {
      agent = making.origin.make();
    } finally {
      this.#making = before;
    }
    if (making.own === null || making.own.agent !== agent) {
      throw new TypeError(
        "Cannot spawn: the class is no agent of this container, let it extend 'Agent' and pass the container on",
      );
    }
    for (const residence of making.made) {
      if (residence !== making.own) this.#begin(residence);
    }
  }

  /**
   * Takes a new agent in.
   *
   * @throws {TypeError} If its id is taken, or cannot be part of an address.
   * @throws {ContainerClosedError} If the container is closed.
   */
  register(agent: Resident, { id, onFailure }: AgentOptions): Residence {
    this.checkOpen("make an agent");
    const making = this.#making;
    const isOwn = making?.own === null && making.origin.isOf(agent);
    const policy = onFailure ?? "report";
    const restarts = restartsOf(policy);
    if (restarts !== null && !isOwn) {
      throw new TypeError(
        "Cannot restart this agent when it fails: only what is made by 'container.spawn' can be made again",
      );
    }
    const origin = isOwn ? making!.origin : null;
    const chosen = origin?.id ?? id ?? this.#freeId();
    this.#checkId(chosen, origin);
    const residence = new Residence(agent, chosen, policy, this);
    this.#residences.set(chosen, residence);
    making?.made.push(residence);
    if (origin !== null) {
      making!.own = residence;
      origin.named(chosen, restarts, residence);
    } else if (making === null) this.#begin(residence);
    return residence;
  }

  /** Starts an agent that was made by `new`, for which nobody waits. */
  #begin(residence: Residence): void {
    if (residence.isEnding) return;
    if (!residence.hasStartHook) return residence.open();
    // When its constructor is through.
    queueMicrotask(() => this.#startAlone(residence));
  }

  async #startAlone(residence: Residence): Promise<void> {
    try {
      await residence.start();
    } catch (error) {
      // Whoever closed it knows that it did not start.
      if (residence.hasFailed) this.report(error, residence.address);
    }
  }

  #freeId(): string {
    while (this.#isTaken(String(this.#nextId))) this.#nextId++;
    return String(this.#nextId++);
  }

  #isTaken(id: string): boolean {
    return this.#residences.has(id) || this.#restarts.has(id);
  }

  #checkId(id: string, origin: Origin | null): void {
    checkAgentId(id);
    if (this.#restarts.isOf(id, origin) || !this.#isTaken(id)) return;
    throw new TypeError(
      `Cannot make an agent with the id '${id}': another has it, choose another id or close that agent first`,
    );
  }

  /** @throws {ContainerClosedError} If the container is closed. */
  checkOpen(act: string): void {
    if (this.#isOpen) return;
    throw new ContainerClosedError(
      `Cannot ${act}: the container '${this.address}' is closed`,
    );
  }

  show(residence: Residence): void {
    this.visible.set(residence.id, residence.agent);
  }

  hide(residence: Residence, reason: string): void {
    const { id } = residence;
    if (this.visible.get(id) === residence.agent) this.visible.delete(id);
    const watches = this.#watches.get(id);
    this.#watches.delete(id);
    for (const tell of watches ?? []) tell(reason);
  }

  forget(residence: Residence): void {
    this.#residences.delete(residence.id);
  }

  taskFailed(residence: Residence, error: unknown): void {
    this.report(error, residence.address);
    if (residence.isEnding || residence.policy === "report") return;
    const origin = Origin.of(residence);
    if (residence.policy === "escalate") this.#options.escalate(error);
    else if (origin !== null && residence.hasStarted) {
      this.#restarts.restart(residence, origin, error);
    } else {
      // One that has not started is the business of whoever starts it.
      residence.fail(GRACE_MS, `a task of it failed: ${describe(error)}`);
    }
  }

  report(error: unknown, address: string): void {
    this.#options.report(error, address);
  }

  /**
   * Resolves to a reason when the agent `id` is gone, which may be at once.
   * Rejects with the signal's reason.
   */
  async watch(id: string, signal: AbortSignal | undefined): Promise<string> {
    if (this.visible.get(id) === undefined) return notFound(id).message;
    const { promise, resolve } = Promise.withResolvers<string>();
    const watches = this.#watches.get(id) ?? new Set();
    this.#watches.set(id, watches.add(resolve));
    try {
      return await abortable(promise, signal);
    } finally {
      watches.delete(resolve);
      if (watches.size === 0 && this.#watches.get(id) === watches) {
        this.#watches.delete(id);
      }
    }
  }

  /** Closes all agents, the newest first; no new ones are taken in. */
  async close(until: number): Promise<void> {
    this.#isOpen = false;
    this.#restarts.close();
    for (const residence of [...this.#residences.values()].reverse()) {
      const graceMs = Math.max(0, until - performance.now());
      await residence.close(graceMs, "its container was closed");
    }
  }
}

/** What other containers may call. */
export class ContainerService {
  readonly #registry: Registry;
  readonly #registrationKeys: ReadonlyMap<string, string>;
  /** The agents, by id. */
  @expose
  readonly agents: Router<Resident>;

  /**
   * `registrationKeys` are those of registrations that it has made, each with
   * the address of the directory that it is for.
   */
  constructor(
    registry: Registry,
    registrationKeys: ReadonlyMap<string, string>,
  ) {
    this.#registry = registry;
    this.#registrationKeys = registrationKeys;
    this.agents = registry.visible;
  }

  /** The name of an agent's class, or `null` if there is no such agent. */
  @expose
  validate_aid(id: string): string | null {
    const agent = this.agents.get(id);
    return agent === undefined ? null : classNameOf(agent);
  }

  /**
   * Returns whether a registration with this key in the directory at this
   * address was made from here. A directory asks this to check that the
   * registrant has the address. A key is for one directory only: another one
   * that was told it cannot register with it elsewhere.
   */
  @expose
  confirm_registration(key: string, directory: string): boolean {
    const known = this.#registrationKeys.get(key);
    return known !== undefined && known === directory;
  }

  /** Resolves to a reason when an agent is gone. */
  @expose
  watch_aid(id: string): Promise<string> {
    return this.#registry.watch(id, call().signal);
  }
}

function notFound(id: string): AgentNotFoundError {
  return new AgentNotFoundError(
    `Cannot find agent '${
      // A peer may ask for anything.
      typeof id === "string"
        ? printable(id)
        : typeof id}': it does not exist here, or not any more`,
  );
}
