import { expose } from "../../rpc/service/expose.ts";
import { world } from "../../transports/internal.ts";
import { Agent } from "../agent.ts";
import type { Clock } from "../clock/base_clock.ts";
import type { Container } from "../container.ts";
import type { SpawnOptions } from "./contract.ts";
import { loadAgentClass, type NamedModules, namedModules } from "./_modules.ts";

/** Options for the constructor of {@linkcode Manager}. */
export interface ManagerOptions extends Pick<SpawnOptions, "modules"> {
  /**
   * The name of the manager in the container.
   *
   * @default {"0"}
   */
  readonly id?: string | undefined;
}

/**
 * An agent that creates other agents in its container, sets the clock, and
 * reports requests to stop, for everyone who can reach the container. It has
 * the methods of aiomas' manager, so that Python programs can use it. Programs
 * with denomas should use `spawnContainer` instead.
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

  /**
   * Creates the manager of `container`.
   *
   * @throws {TypeError} If its id is taken, or `modules` cannot be used.
   */
  constructor(container: Container, { modules, id = "0" }: ManagerOptions) {
    const named = namedModules(modules);
    // Concurrent, since starting an agent may take long, and may call back.
    super(container, { id, concurrent: true });
    this.#modules = named;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopReceived = promise;
    this.#resolveStop = resolve;
  }

  /**
   * Creates an agent of the class `name`, in the form `module:Class`, in this
   * container. `args` are the constructor arguments after the container.
   * Resolves, after `onStart`, to a proxy of the agent and its address.
   *
   * @throws {SpawnError} If `name` has another form, its module is not in the
   * list or cannot be loaded, or the export is not a class of agents.
   * @throws {unknown} The error of the constructor or `onStart`.
   */
  @expose
  async spawn(name: string, ...args: unknown[]): Promise<[Agent, string]> {
    const type = await loadAgentClass(this.#modules, name);
    const agent = await this.container.spawn(type, ...args);
    return [agent, agent.address];
  }

  /**
   * Sets the time of the container's clock, in seconds.
   *
   * @throws {TypeError} If the clock runs by itself.
   * @throws {RangeError} If `time` is not later than the present time.
   */
  @expose
  set_time(time: number): void {
    setClock(this.container, time);
  }

  /**
   * Requests the end of the container: see {@linkcode Manager.stopReceived}.
   */
  @expose
  stop(): void {
    // Deferred, so that the reply is sent before the waiting code closes the
    // connection.
    world.defer(this.#resolveStop);
  }
}

/**
 * Sets the time of a container's clock, in seconds.
 *
 * @throws {TypeError} If the clock runs by itself.
 */
export function setClock(container: Container, time: number): void {
  const clock: Clock & { setTime?(time: number): void } = container.clock;
  if (typeof clock.setTime === "function") return clock.setTime(time);
  throw new TypeError(
    `Cannot set the time of '${container.address}': its clock runs by itself, make the container with an 'ExternalClock'`,
  );
}
