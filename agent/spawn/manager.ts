import { call } from "../../rpc/call.ts";
import { expose } from "../../rpc/expose.ts";
import { world } from "../../transports/internal.ts";
import { Agent } from "../agent.ts";
import type { Clock } from "../clock/base_clock.ts";
import type { AgentClass, Container } from "../container.ts";
import { ManagerRefusedError, SpawnError } from "../errors.ts";
import type { ModuleList } from "./contract.ts";
import { loadExport, type NamedModules, namedModules } from "./_modules.ts";
import { isSameSecret } from "./_same_secret.ts";

/** Options for the constructor of {@linkcode Manager}. */
export interface ManagerOptions {
  /** The only modules whose classes can be spawned. */
  readonly modules: ModuleList;
  /**
   * The secret that a connection must show by {@linkcode Manager.admit}, once
   * and before anything else; then no other connection is served.
   *
   * @default {everybody who can connect to the container is served}
   */
  readonly token?: string | undefined;
  /**
   * The name of the manager in the container.
   *
   * @default {"0"}
   */
  readonly id?: string | undefined;
}

/**
 * An agent that creates other agents in its container, sets the clock, and
 * reports requests to stop. It has the methods of aiomas' manager, so that
 * programs in Python can use it, too.
 *
 * `spawnContainer` makes one with a token. In a program of your own, without a
 * token, it serves everybody who reaches the container:
 *
 * ```ts no-assert
 * import { Container, Manager } from "@denomas/denomas/agent";
 *
 * await using container = await Container.create("local://managed");
 * const manager = await container.spawn(Manager, {
 *   modules: { bidders: "https://example.com/bidders.ts" },
 * });
 * const stopped = manager.stopReceived; // await it, then close the container
 * ```
 */
export class Manager extends Agent {
  /** Resolves when `stop` was called. Never rejects. */
  readonly stopReceived: Promise<void>;
  readonly #modules: NamedModules;
  readonly #resolveStop: () => void;
  /** The secret, until it was shown. */
  #token: string | null;
  readonly #isOpen: boolean;
  /** The session of the only connection that is served, if there is a token. */
  #session: object | null = null;

  /**
   * Creates the manager of `container`.
   *
   * @throws {TypeError} If its id is taken, or `modules` cannot be used.
   */
  constructor(
    container: Container,
    { modules, token, id = "0" }: ManagerOptions,
  ) {
    const named = namedModules(modules);
    super(container, { id });
    this.#modules = named;
    this.#token = token ?? null;
    this.#isOpen = token === undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopReceived = promise;
    this.#resolveStop = resolve;
  }

  /**
   * Admits the connection of this call: from now on the manager serves it and
   * no other.
   *
   * @throws {ManagerRefusedError} If the token is wrong, or was shown before.
   */
  @expose
  admit(token: string): void {
    const { session } = call();
    if (this.#token === null || !isSameSecret(token, this.#token)) {
      throw this.#refused("this is not its token, or it was shown before");
    }
    this.#token = null;
    this.#session = session;
  }

  /**
   * Creates an agent of the class `name`, written `module:Class`, in this
   * container; `args` follow the container in its constructor. Resolves to a
   * proxy and the address after its `onStart`.
   *
   * @throws {SpawnError} If the name is not `module:Class`, its module is not
   * in the list or cannot be loaded, or it is not a class of agents.
   * @throws {ManagerRefusedError} If the connection was not admitted.
   * @throws {unknown} The error of the constructor or `onStart`.
   */
  @expose
  async spawn(name: string, ...args: unknown[]): Promise<[Agent, string]> {
    this.#check();
    const type = await loadExport(this.#modules, String(name));
    if (!isAgentClass(type)) {
      throw new SpawnError(
        `Cannot spawn '${name}': it is not a class that extends 'Agent' of this copy of denomas`,
      );
    }
    const agent = await this.container.spawn(type, ...args);
    return [agent, agent.address];
  }

  /**
   * Sets the time of the container's clock, in seconds.
   *
   * @throws {TypeError} If the clock runs by itself.
   * @throws {RangeError} If `time` is not later than the present one.
   * @throws {ManagerRefusedError} If the connection was not admitted.
   */
  @expose
  set_time(time: number): void {
    this.#check();
    const clock: Clock & { setTime?(time: number): void } =
      this.container.clock;
    if (typeof clock.setTime === "function") return clock.setTime(time);
    throw new TypeError(
      `Cannot set the time of '${this.container.address}': its clock runs by itself, make the container with an 'ExternalClock'`,
    );
  }

  /**
   * Requests the end of the container: see {@linkcode Manager.stopReceived}.
   *
   * @throws {ManagerRefusedError} If the connection was not admitted.
   */
  @expose
  stop(): void {
    this.#check();
    // The reply must leave before whoever waits for this closes the connection.
    world.defer(this.#resolveStop);
  }

  #check(): void {
    if (this.#isOpen || call().session === this.#session) return;
    throw this.#refused("it serves the connection of its parent alone");
  }

  #refused(why: string): ManagerRefusedError {
    return new ManagerRefusedError(
      `Cannot use the manager of '${this.container.address}': ${why}`,
    );
  }
}

function isAgentClass(value: unknown): value is AgentClass<Agent, unknown[]> {
  return typeof value === "function" && value.prototype instanceof Agent;
}
