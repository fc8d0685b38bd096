import type { CloseOptions } from "../channel/channel.ts";
import type { HasLocalMembers, localMembers } from "../rpc/remote.ts";
import { alwaysService } from "../rpc/service.ts";
import { classNameOf } from "./_names.ts";
import type { Container } from "./container.ts";
import type { AgentLike, AgentOptions, AgentTask } from "./agent_options.ts";
import { internalsOf } from "./_container_internals.ts";
import {
  type AgentLifecycle,
  GRACE_MS,
} from "./supervision/_agent_lifecycle.ts";

/** Members of {@linkcode Agent} that stay on their own side. */
export type AgentMembers =
  | "address"
  | "close"
  | "container"
  | "id"
  | "onClose"
  | "onStart"
  | "signal";

/**
 * The base of all agents. An agent lives in a container, where others call the
 * methods that it marks by `expose`; by `container.connect` it calls others.
 *
 * ```ts
 * import { Agent, Container } from "@denomas/denomas/agent";
 * import { expose } from "@denomas/denomas/rpc";
 * import { assertEquals } from "@std/assert";
 *
 * class Counter extends Agent {
 *   #count = 0;
 *   @expose
 *   add(amount: number): number {
 *     return this.#count += amount;
 *   }
 * }
 *
 * await using container = await Container.create("local://counters");
 * const counter = await container.spawn(Counter);
 * const proxy = await container.connect<Counter>(counter.address);
 * assertEquals(await proxy.add(2), 2);
 * ```
 *
 * An agent that is made by `new` can be called at once, or after its
 * {@linkcode Agent.onStart} if it has one; `container.spawn` also waits for
 * that, and cleans up if it or the constructor throws.
 */
export class Agent implements AgentLike, HasLocalMembers<AgentMembers> {
  static {
    // Also one that exposes nothing can be passed to others.
    Object.defineProperty(this.prototype, alwaysService, { value: true });
  }

  /** Keeps the members of this class out of the types of proxies. */
  declare readonly [localMembers]?: AgentMembers;

  /** The container that it lives in. */
  readonly container: Container;
  readonly #lifecycle: AgentLifecycle;

  /**
   * Makes an agent in `container`.
   *
   * @throws {TypeError} If the id is taken, or cannot be part of an address.
   * @throws {ContainerClosedError} If the container is closed.
   */
  constructor(container: Container, options: AgentOptions = {}) {
    this.container = container;
    this.#lifecycle = internalsOf(container).supervisor.register(
      this,
      options,
    );
  }

  /** Its name in the container. */
  get id(): string {
    return this.#lifecycle.id;
  }

  /** Its address, by which others connect to it. */
  get address(): string {
    return this.#lifecycle.address;
  }

  /** Aborts when the agent is closed: hand it to what it waits for. */
  get signal(): AbortSignal {
    return this.#lifecycle.signal;
  }

  /**
   * Runs once, before others can see the agent. If it throws, the agent is
   * closed, and `spawn` rejects with the error.
   */
  protected onStart?(): void | Promise<void>;

  /**
   * Runs once at the end, after its tasks, when nobody can call the agent any
   * more; it may still call others. Not if the agent could not start.
   */
  protected onClose?(): void | Promise<void>;

  /**
   * Runs a task of the agent's own, such as a loop that observes and acts. Its
   * signal is that of the agent; what it throws is reported, and dealt with as
   * `onFailure` says.
   *
   * @throws {ContainerClosedError} If the agent is closed.
   */
  protected run(task: AgentTask): void {
    this.#lifecycle.run(task);
  }

  /**
   * Closes this agent alone: calls do not reach it any more, its signal
   * aborts, its tasks end, and `onClose` runs; whatever of that is not done
   * within `graceMs`, 1,000 by default, is left. Calls that it is answering go
   * on. Repeatable; joins a close in progress; never rejects. What the agent
   * waits for itself, `onStart`, its tasks and `onClose`, should not await it.
   */
  close({ graceMs = GRACE_MS }: CloseOptions = {}): Promise<void> {
    return this.#lifecycle.close(graceMs, "it was closed");
  }

  /** Closes it. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Names its class and its address. */
  toString(): string {
    return `${classNameOf(this)}('${this.address}')`;
  }
}
