import type { CloseOptions } from "../channel/channel.ts";
import type { HasLocalMembers, localMembers } from "../rpc/remote.ts";
import { callQueue } from "../rpc/service/call_queue.ts";
import { alwaysService } from "../rpc/service/service.ts";
import { classNameOf } from "./address.ts";
import type { AgentClass, Container } from "./container.ts";
import type { AgentLike, AgentOptions, AgentTask } from "./agent_options.ts";
import { repeat } from "./clock/_repeat.ts";
import { internalsOf } from "./_container_internals.ts";
import { AgentFactory } from "./supervision/_agent_factory.ts";
import {
  type AgentLifecycle,
  GRACE_MS,
} from "./supervision/_agent_lifecycle.ts";

/** The members of {@linkcode Agent} that proxies do not have. */
export type AgentMembers =
  | "address"
  | "close"
  | "container"
  | "id"
  | "onClose"
  | "onStart"
  | "restore"
  | "signal"
  | "snapshot";

/**
 * The base class of agents. An agent lives in a container. Other agents call
 * the methods that it marks with `expose`, and it calls others through
 * `container.connect`.
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
 * An agent made by `new` can be called at once, or after its
 * {@linkcode Agent.onStart} if it has one. `container.spawn` also waits for
 * `onStart`, and cleans up if it or the constructor throws.
 */
export class Agent implements AgentLike, HasLocalMembers<AgentMembers> {
  static {
    // An agent that exposes nothing can be passed to others, too.
    Object.defineProperty(this.prototype, alwaysService, { value: true });
    Object.defineProperty(this.prototype, callQueue, {
      get(this: Agent) {
        return this.#lifecycle;
      },
    });
  }

  /** Removes the members of this class from the types of proxies. */
  declare readonly [localMembers]?: AgentMembers;

  /** The container in which the agent lives. */
  readonly container: Container;
  readonly #lifecycle: AgentLifecycle;

  /**
   * Creates an agent in `container`.
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

  /** The name of the agent in its container. */
  get id(): string {
    return this.#lifecycle.id;
  }

  /** The address at which others connect to the agent. */
  get address(): string {
    return this.#lifecycle.address;
  }

  /** Aborts when the agent begins to close. Pass it to operations that wait. */
  get signal(): AbortSignal {
    return this.#lifecycle.signal;
  }

  /**
   * Returns the state that should survive the agent: any data that could be the
   * argument of a call, but no functions, agents or streams. Called by
   * {@linkcode Agent.save}, and when the agent closes without having failed.
   * Needs {@linkcode Agent.restore}.
   */
  protected snapshot?(): unknown;

  /**
   * Receives the last saved state of an agent with this class and id. Runs
   * before `onStart`, and only if there is a saved state. If it throws, the
   * agent does not start.
   */
  protected restore?(state: unknown): void | Promise<void>;

  /**
   * Runs once, before others can see the agent. If it throws, the agent is
   * closed, and `spawn` rejects with the error.
   */
  protected onStart?(): void | Promise<void>;

  /**
   * Runs once at the end, after the tasks and the children have ended. At that
   * point no call reaches the agent, but the agent may still call others. Does
   * not run if the agent did not start.
   */
  protected onClose?(): void | Promise<void>;

  /**
   * Runs a task of the agent, such as a loop that observes and acts, with the
   * signal of the agent. If it throws, the error is reported, and `onFailure`
   * decides what follows.
   *
   * @throws {ContainerClosedError} If the agent is closed.
   */
  protected run(task: AgentTask): void {
    this.#lifecycle.run(task);
  }

  /**
   * Runs a task of the agent every `seconds` of the container's clock, the
   * first time after `seconds`, until the agent is closed. The times are
   * multiples of `seconds` from now, so delays do not add up. Times that fall
   * due while the task still runs are skipped. If the task throws, the error is
   * reported, and `onFailure` decides what follows: with `"report"`, the task
   * runs again at its next time.
   *
   * @throws {RangeError} If `seconds` is not finite and greater than 0.
   * @throws {ContainerClosedError} If the agent is closed.
   */
  protected every(seconds: number, task: AgentTask): void {
    const lifecycle = this.#lifecycle;
    const { clock } = this.container;
    lifecycle.run(repeat(clock, seconds, () => lifecycle.run(task)));
  }

  /**
   * Saves the current state of the agent, as returned by `snapshot`. Resolves
   * when this state, or a newer one, is saved in the `store` of the container.
   * Saves of one agent run in order; a waiting save is replaced by a newer one.
   *
   * @throws {TypeError} If the agent has no `snapshot`, or has not started.
   * @throws {SerializationError} If the state cannot be saved.
   * @throws {ContainerClosedError} If the agent is closed, or has failed.
   * @throws {StaleStateError} If another agent has saved this state since.
   * @throws {unknown} The error of `snapshot`, or of the store.
   */
  protected save(): Promise<void> {
    return this.#lifecycle.memory.save();
  }

  /**
   * Deletes the saved state of an agent that will not come back. The state is
   * not saved when the agent closes, unless `save` is called again.
   *
   * @throws {TypeError} If the agent has no `snapshot`, or has not started.
   * @throws {ContainerClosedError} If the agent is closed, or has failed.
   * @throws {unknown} The error of the store.
   */
  protected forget(): Promise<void> {
    return this.#lifecycle.memory.forget();
  }

  /**
   * Makes a child: an agent in the same container, as with `container.spawn`,
   * that closes together with this one, after the tasks and before `onClose`,
   * newest child first. Otherwise it is a normal agent, with an id and an
   * address.
   *
   * If the child's `onFailure` is `"escalate"`, its failure closes the child
   * and counts as a failure of this agent, whose own `onFailure` decides what
   * follows. The same applies when a child fails after too many restarts.
   *
   * @throws {unknown} The error of the constructor or of `onStart`, after
   * everything that they made is closed.
   * @throws {ContainerClosedError} If this agent is closed, or the child is
   * closed before it has started.
   */
  protected async spawnChild<A extends AgentLike, Args extends unknown[]>(
    type: AgentClass<A, Args>,
    ...args: Args
  ): Promise<A> {
    const { supervisor } = internalsOf(this.container);
    const make = () => new type(this.container, ...args);
    const factory = new AgentFactory(type, make, this.#lifecycle);
    return await supervisor.spawn(factory) as A;
  }

  /**
   * Closes this agent and its children. No call reaches it any more, its signal
   * aborts, its tasks end, its children are closed, and `onClose` runs. The
   * close waits at most `graceMs` for all of this, by default 1,000. Running
   * calls go on. Can be called repeatedly; joins a close in progress; never
   * rejects. Do not await it in `onStart`, `onClose` or the agent's own tasks,
   * since it waits for them.
   */
  close({ graceMs = GRACE_MS }: CloseOptions = {}): Promise<void> {
    return this.#lifecycle.close(graceMs, "it was closed");
  }

  /** Closes the agent. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Returns the class name and the address. */
  toString(): string {
    return `${classNameOf(this)}('${this.address}')`;
  }
}
