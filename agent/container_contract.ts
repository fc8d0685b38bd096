import type { CloseOptions } from "../channel/channel.ts";
import type { CloseReason } from "../channel/errors.ts";
import type { Remote } from "../rpc/remote.ts";
import type { Clock } from "./clock.ts";
import type { FailurePolicy } from "./failure_policy.ts";

/** An agent, as its container sees it. */
export interface Resident extends AsyncDisposable {
  /** Its name in the container. */
  readonly id: string;
  /** Its address, by which others connect to it. */
  readonly address: string;
  /** The container that it lives in. */
  readonly container: Container;
  /** Closes it, and it alone. */
  close(options?: CloseOptions): Promise<void>;
}

/** Options for the constructor of `Agent`. */
export interface AgentOptions {
  /**
   * Its name in the container. It must not hold `/`, nor begin with `$`.
   *
   * @default {"0", "1" and so on, in the order of creation}
   */
  readonly id?: string | undefined;
  /**
   * What becomes of the agent when a task of its own throws.
   *
   * @default {"report"}
   */
  readonly onFailure?: FailurePolicy | undefined;
}

/** A class of agents; `Args` is what it takes beside the container. */
export type AgentClass<A extends Resident, Args extends unknown[]> = new (
  container: Container,
  ...args: Args
) => A;

/** Options for {@linkcode Container.connect}. */
export interface ConnectOptions {
  /**
   * For how long to try again while the container cannot be reached or has no
   * such agent yet, in milliseconds; 0 for one attempt, `Infinity` for ever.
   * Between attempts it waits for a random time that grows from 50 ms to 5 s.
   *
   * @default {0}
   */
  readonly retryForMs?: number | undefined;
  /** Gives up; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Options for {@linkcode Container.watch}. */
export interface WatchOptions {
  /** Ends the watch; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What {@linkcode Container.watch} tells. */
export interface AgentGone {
  /** The address that was watched. */
  readonly address: string;
  /**
   * Whether the agent alone is gone, or its container, which may only be out
   * of reach.
   */
  readonly what: "agent" | "container";
  /** A few words on why, for people and logs. */
  readonly reason: string;
}

/** The sizes of a container's tables. */
export interface ContainerStats {
  /** Agents that can be called. */
  readonly agents: number;
  /** Agents that are being started or closed. */
  readonly hiddenAgents: number;
  /** Connections that this container has made, one for each other container. */
  readonly connections: number;
  /** Connections that others have made to it. */
  readonly clients: number;
  /** Agents here that are being watched, once for each container that does. */
  readonly watches: number;
  /** Proxies for agents that are remembered for the next `connect`. */
  readonly proxies: number;
}

/**
 * A home for agents: it listens at an address, and connects its agents with
 * those of other containers. All of them share its server, and one connection
 * to each other container.
 *
 * It owns its agents and connections. Made by `Container.create`.
 */
export interface Container extends AsyncDisposable {
  /** Its address: an ephemeral port and the host's name are filled in. */
  readonly address: string;
  /** What tells its agents the time. */
  readonly clock: Clock;
  /** The agents that can be called, by id, in the order of creation. */
  readonly agents: ReadonlyMap<string, Resident>;
  /** Resolves when it is closed, to the reason. Never rejects. */
  readonly closed: Promise<CloseReason>;
  /**
   * Makes an agent, and resolves to it when its `onStart` has run. Only from
   * then on others can see it.
   *
   * ```ts
   * import { Agent, Container } from "@denomas/denomas/agent";
   * import { expose } from "@denomas/denomas/rpc";
   * import { assertEquals } from "@std/assert";
   *
   * class Greeter extends Agent {
   *   readonly #greeting: string;
   *   constructor(container: Container, greeting: string) {
   *     super(container);
   *     this.#greeting = greeting;
   *   }
   *   @expose
   *   greet(name: string): string {
   *     return `${this.#greeting}, ${name}`;
   *   }
   * }
   *
   * await using container = await Container.create("local://spawn");
   * const { address } = await container.spawn(Greeter, "Hello");
   * const greeter = await container.connect<Greeter>(address);
   * assertEquals(await greeter.greet("Ada"), "Hello, Ada");
   * ```
   *
   * @throws {unknown} What the constructor or `onStart` throws; nothing is
   * left of the agent then.
   * @throws {ContainerClosedError} If the container is closed.
   */
  spawn<A extends Resident, Args extends unknown[]>(
    type: AgentClass<A, Args>,
    ...args: Args
  ): Promise<A>;
  /**
   * Connects to the agent at `address`, here or in another container, and
   * returns a proxy for it, the same one as long as somebody holds it. It
   * lives as long as the connection: connect again after that was lost.
   *
   * @typeParam T The class of the agent. Nothing checks that it is.
   * @throws {ConnectError} If its container cannot be reached, within
   * `retryForMs`.
   * @throws {AgentNotFoundError} If there is no such agent, within
   * `retryForMs`.
   * @throws {ContainerClosedError} If this container is closed.
   * @throws {TypeError} If the address has no known form.
   */
  connect<T>(address: string, options?: ConnectOptions): Promise<Remote<T>>;
  /**
   * Resolves when the agent at `address` is gone: when it is closed, is
   * restarted, or does not exist; or when its container is closed, dies or
   * cannot be reached, as soon as the connection ends. A peer of aiomas is
   * asked for its agent every five seconds.
   *
   * @throws {unknown} The reason of the signal, if that aborts first.
   * @throws {ContainerClosedError} If this container is closed, or closes.
   * @throws {TypeError} If the address has no known form.
   */
  watch(address: string, options?: WatchOptions): Promise<AgentGone>;
  /**
   * Closes all: its agents, the newest first, while they can still call and be
   * called; then its connections and its server; then its clock, if it has
   * made that itself. Repeatable; joins a close in progress; never rejects.
   *
   * An agent may close its own container. It should not await that, since the
   * container waits for the agent until `graceMs`, 1,000 by default, have
   * passed.
   */
  close(options?: CloseOptions): Promise<void>;
  /** The sizes of its tables. */
  stats(): ContainerStats;
  /** Keeps the process alive while it is open, as it does at first. */
  ref(): void;
  /** Lets the process end although it is open. */
  unref(): void;
}
