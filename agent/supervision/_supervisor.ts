import { checkRange } from "../../channel/internal.ts";
import { describeThrown } from "../../channel/message.ts";
import { Router } from "../../rpc/service/service.ts";
import { queueMicrotask, world } from "../../transports/internal.ts";
import { checkAgentId, classNameOf, parseAgentAddress } from "../address.ts";
import { StateKeeper } from "../state/_state_keeper.ts";
import type { ContainerContext } from "../_container_context.ts";
import type { AgentLike, AgentOptions } from "../agent_options.ts";
import { waitBy, waitByEither } from "../clock/_clock_waits.ts";
import { ClockClosedError } from "../errors.ts";
import { agentNotFound } from "../messages/_agent_not_found.ts";
import { Deadlocks } from "../messages/_deadlocks.ts";
import type { AgentFactory } from "./_agent_factory.ts";
import {
  type AgentHost,
  AgentLifecycle,
  GRACE_MS,
} from "./_agent_lifecycle.ts";
import { actionOnFailure, restartsOf } from "./_restart_policy.ts";

/** How long a call waits before it is checked for a deadlock. */
const DEADLOCK_MS = 1_000;

/** The default limit of calls that wait for an agent. */
const MOST_WAITING = 10_000;

/**
 * The reason that ends restarts. Shared, since creating it would take 10 µs of
 * each close.
 */
const CLOSING = new DOMException("The container closes", "AbortError");

/** The agents of one container. It makes, starts, restarts and closes them. */
export class Supervisor implements AgentHost {
  /** The agents that can be called. */
  readonly visible: Router<AgentLike> = new Router({ missing: agentNotFound });
  /** The number of active watches. */
  watches = 0;
  /** The number of calls that wait for their turns. */
  waiting = 0;
  /** The number of calls that were refused because too many were waiting. */
  refused = 0;
  readonly deadlocks: Deadlocks = new Deadlocks((signal) =>
    waitByEither(this.context.clock, DEADLOCK_MS, signal)
  );
  readonly context: ContainerContext;
  readonly #agents = new Map<string, AgentLifecycle>();
  /**
   * The factories of agents that may be restarted. They reserve the agents'
   * ids.
   */
  readonly #factories = new Map<string, AgentFactory>();
  readonly #closing = new AbortController();
  #nextId = 0;
  /** The factory whose constructor is running. */
  #making: AgentFactory | null = null;

  constructor(context: ContainerContext) {
    this.context = context;
  }

  /** The number of agents, including those that cannot be called. */
  get size(): number {
    return this.#agents.size;
  }

  /** Makes an agent and starts it. */
  async spawn(factory: AgentFactory): Promise<AgentLike> {
    factory.own = null;
    factory.made = [];
    let own: AgentLifecycle;
    try {
      own = this.#make(factory);
    } catch (error) {
      const reason = `it could not be made: ${describeThrown(error)}`;
      await Promise.all(factory.made.map((it) => it.fail(0, reason)));
      throw error;
    }
    await own.start();
    return own.agent;
  }

  #make(factory: AgentFactory): AgentLifecycle {
    const before = this.#making;
    this.#making = factory;
    let agent: AgentLike;
    try {
      agent = factory.make();
    } finally {
      this.#making = before;
    }
    const { own, made } = factory;
    if (own === null || own.agent !== agent) {
      throw new TypeError(
        "Cannot spawn: the class is no agent of this container, let it extend 'Agent' and pass the container on",
      );
    }
    for (const it of made) if (it !== own) this.#begin(it);
    return own;
  }

  /**
   * Registers a new agent. Called by the agent's constructor.
   *
   * @throws {TypeError} If its id is taken or invalid, or if it asks for
   * restarts but is not made by `spawn`.
   * @throws {ContainerClosedError} If the container is closed.
   */
  register(
    agent: AgentLike,
    { id, onFailure: policy = "report", concurrent, mailbox }: AgentOptions,
  ): AgentLifecycle {
    this.context.checkOpen("make an agent");
    const making = this.#making;
    const isOwn = making?.own === null &&
      Object.getPrototypeOf(agent) === making.prototype;
    const factory = isOwn ? making : null;
    const restarts = restartsOf(policy, this.context.random);
    if (restarts !== null && factory === null) {
      throw new TypeError(
        "Cannot restart this agent when it fails: only an agent made by 'container.spawn' can be made again",
      );
    }
    const chosen = factory?.id ?? id ?? this.#freeId();
    this.#checkId(chosen, factory);
    const isConcurrent = concurrent ?? this.context.options.concurrent;
    const most = isConcurrent ? 0 : mailbox ?? MOST_WAITING;
    if (mailbox !== undefined) checkRange("mailbox", mailbox, 1);
    const lifecycle = new AgentLifecycle(
      agent,
      { id: chosen, isChosen: id !== undefined || factory?.isNamed === true },
      policy,
      most,
      this,
      factory?.parent,
    );
    this.#agents.set(chosen, lifecycle);
    making?.made.push(lifecycle);
    if (making === null) this.#begin(lifecycle);
    if (factory !== null) {
      factory.own = lifecycle;
      lifecycle.guard = factory.guard;
    }
    if (factory !== null && restarts !== null) {
      factory.id = chosen;
      // Keeps counting when the agent is made again.
      factory.restarts ??= restarts;
      this.#factories.set(chosen, factory);
    }
    return lifecycle;
  }

  #freeId(): string {
    while (this.#isTaken(String(this.#nextId), null)) this.#nextId++;
    return String(this.#nextId++);
  }

  #isTaken(id: string, factory: AgentFactory | null): boolean {
    const reserving = this.#factories.get(id);
    if (reserving === undefined || reserving.parent?.isClosing) {
      return this.#agents.has(id);
    }
    return reserving !== factory;
  }

  #checkId(id: string, factory: AgentFactory | null): void {
    checkAgentId(id);
    if (!this.#isTaken(id, factory)) return;
    throw new TypeError(
      `Cannot make an agent with the id '${id}': another agent has it, choose another id or close that agent first`,
    );
  }

  /** Starts an agent made by `new`, which nothing awaits. */
  #begin(lifecycle: AgentLifecycle): void {
    if (lifecycle.isClosing) return;
    if (!lifecycle.hasStartHook) return lifecycle.open();
    // Wait until the constructor has returned.
    queueMicrotask(async () => {
      try {
        await lifecycle.start();
      } catch (error) {
        // If code has closed the agent, that code already knows that it did not
        // start.
        if (lifecycle.hasFailed) this.#report(error, lifecycle.address);
      }
    });
  }

  keeperOf({ agent, id }: AgentLifecycle): StateKeeper {
    return new StateKeeper(this.context.states, `${classNameOf(agent)}/${id}`);
  }

  missing(id: string): Error {
    return agentNotFound(id);
  }

  onState(lifecycle: AgentLifecycle): void {
    const { id, agent, state } = lifecycle;
    const factory = this.#factories.get(id);
    if (state.tag === "running") {
      this.visible.set(id, agent);
      if (factory !== undefined) factory.isRestarting = false;
    } else if (state.tag === "closing") {
      if (this.visible.get(id) === agent) this.visible.delete(id);
    } else {
      this.#agents.delete(id);
      if (factory?.isRestarting === false) this.#factories.delete(id);
    }
  }

  onTaskFailure(lifecycle: AgentLifecycle, error: unknown): void {
    const { address } = lifecycle;
    this.#report(error, address);
    this.#fail(
      lifecycle,
      error,
      `a task of it failed: ${describeThrown(error)}`,
    );
  }

  /** Applies an agent's policy to its failure. */
  #fail(lifecycle: AgentLifecycle, error: unknown, reason: string): void {
    const { parent, policy, state } = lifecycle;
    switch (actionOnFailure(policy, state.tag)) {
      case "escalate":
        lifecycle.isBroken = true;
        if (parent === null) return this.context.escalate(error);
        lifecycle.fail(GRACE_MS, reason);
        return this.#failParent(parent, lifecycle.address, error);
      case "restart":
        this.#restart(lifecycle, reason);
        return;
      case "close":
        lifecycle.fail(GRACE_MS, reason);
    }
  }

  #failParent(parent: AgentLifecycle, child: string, error: unknown): void {
    this.#fail(
      parent,
      error,
      `its child '${child}' failed: ${describeThrown(error)}`,
    );
  }

  #report(error: unknown, address: string): void {
    this.context.report(error, "task", address);
  }

  /** Closes a failed agent, and makes it again. */
  async #restart(lifecycle: AgentLifecycle, reason: string): Promise<void> {
    const { id, address } = lifecycle;
    const factory = this.#factories.get(id)!;
    factory.isRestarting = true;
    await lifecycle.fail(GRACE_MS, reason);
    if (await this.#makeAgain(factory, address)) return;
    // If its parent was restarted, another agent may have the id already.
    if (this.#factories.get(id) === factory) this.#factories.delete(id);
  }

  /** Returns whether the agent runs again. */
  async #makeAgain(factory: AgentFactory, address: string): Promise<boolean> {
    const { parent } = factory;
    const ends = [this.#closing.signal, ...parent ? [parent.signal] : []];
    const signal = AbortSignal.any(ends);
    const { clock } = this.context;
    const restarts = factory.restarts!;
    while (restarts.begin(clock.time() * 1_000)) {
      try {
        await waitBy(clock, restarts.backoff.next(), signal);
        await this.spawn(factory);
        return true;
      } catch (error) {
        const { own } = factory;
        const wasClosed = own !== null && own.isClosing && !own.hasFailed;
        if (signal.aborted || wasClosed) return false;
        this.#report(error, address);
        if (error instanceof ClockClosedError) return false;
      }
    }
    const failure = new Error(
      `Cannot restart '${address}': it has failed too often, raise 'restarts' or mend what fails`,
    );
    this.#report(failure, address);
    if (parent !== null) this.#failParent(parent, address, failure);
    return false;
  }

  /**
   * Resolves to a reason when the agent is gone; at once if it does not exist.
   * Rejects with the reason of `signal`.
   */
  async watch(id: string, signal: AbortSignal | undefined): Promise<string> {
    if (this.visible.get(id) === undefined) return agentNotFound(id).message;
    this.watches++;
    try {
      return await this.#agents.get(id)!.watch(signal);
    } finally {
      this.watches--;
    }
  }

  /**
   * Calls `onGone` with a reason when the agent is gone. Returns a function
   * that ends the watch, or the reason if the agent is gone already.
   */
  onGone(id: string, onGone: (reason: string) => void): string | (() => void) {
    if (this.visible.get(id) === undefined) return agentNotFound(id).message;
    this.watches++;
    const stop = this.#agents.get(id)!.onGone((reason) => {
      this.watches--;
      onGone(reason);
    });
    return () => {
      if (stop()) this.watches--;
    };
  }

  /**
   * Resolves when the agent at `address` runs; `null` if it is not starting.
   */
  starting(address: string): Promise<void> | null {
    const lifecycle = this.#agents.get(parseAgentAddress(address).id);
    return lifecycle?.address === address ? lifecycle.opening : null;
  }

  /** Closes all agents, newest first, before the time `until`. */
  async close(until: number): Promise<void> {
    this.#closing.abort(CLOSING);
    const ends: Promise<void>[] = [];
    for (const lifecycle of [...this.#agents.values()].reverse()) {
      const graceMs = Math.max(0, until - world.now());
      ends.push(lifecycle.close(graceMs, "its container was closed"));
      await lifecycle.stopped;
    }
    await Promise.all(ends);
  }
}
