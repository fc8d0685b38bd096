import { call } from "../../rpc/call.ts";
import { expose } from "../../rpc/expose.ts";
import { Agent } from "../agent.ts";
import type { AgentClass, Container } from "../container.ts";
import { ManagerRefusedError, SpawnError } from "../errors.ts";
import type { ModuleList } from "./module_list.ts";
import { loadExport, namedModules } from "./_modules.ts";
import { isSameSecret } from "../links/_same_secret.ts";

/** What a {@linkcode Manager} is made with. */
export interface ManagerOptions {
  /** All that may be loaded: nobody can spawn a class of another module. */
  readonly modules: ModuleList;
  /**
   * What a connection must show by {@linkcode Manager.admit}, once and before
   * anything else; then no other can.
   *
   * @default {anybody who can connect to the container is served}
   */
  readonly token?: string | undefined;
  /**
   * Its name in the container.
   *
   * @default {"0"}
   */
  readonly id?: string | undefined;
}

/**
 * An agent that makes other agents in its container, sets the clock, and passes
 * on the wish to stop. It has the methods of aiomas' manager, so that a program
 * in Python can use it as well.
 *
 * `spawnContainer` makes one with a token. In a program of your own, without
 * one, it serves anybody who reaches the container:
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
  /** Resolves when somebody has called `stop`. Never rejects. */
  readonly stopReceived: Promise<void>;
  readonly #modules: ReadonlyMap<string, string>;
  readonly #resolveStop: () => void;
  #access: Access;

  /**
   * Makes the manager of `container`.
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
    this.#access = token === undefined
      ? { for: "anybody" }
      : { for: "bearer", token };
    const { promise, resolve } = Promise.withResolvers<void>();
    this.stopReceived = promise;
    this.#resolveStop = resolve;
  }

  /**
   * Lets the connection on which this is called, and no other, use the manager
   * from now on.
   *
   * @throws {ManagerRefusedError} If the token is wrong, or was shown before.
   */
  @expose
  admit(token: string): void {
    const { session } = call();
    const access = this.#access;
    if (access.for !== "bearer" || !isSameSecret(token, access.token)) {
      throw this.#refused("this is not its token, or it was shown before");
    }
    this.#access = { for: "session", session };
  }

  /**
   * Makes an agent of the class `name`, written `module:Class`, in this
   * container; `args` follow the container in its constructor. Resolves to a
   * proxy and the address when its `onStart` has run.
   *
   * @throws {SpawnError} If the name is not `module:Class`, its module is not
   * in the list or cannot be loaded, or it is no class of agents.
   * @throws {ManagerRefusedError} If the connection was not admitted.
   * @throws {unknown} What the constructor or `onStart` throws.
   */
  @expose
  async spawn(name: string, ...args: unknown[]): Promise<[Agent, string]> {
    this.#check();
    const type = await loadExport(this.#modules, String(name));
    if (!isAgentClass(type)) {
      throw new SpawnError(
        `Cannot spawn '${name}': it is no class that extends 'Agent' of this copy of denomas`,
      );
    }
    const agent = await this.container.spawn(type, ...args);
    return [agent, agent.address];
  }

  /**
   * Sets the time of the container's clock, in seconds.
   *
   * @throws {TypeError} If the clock is not one that is set.
   * @throws {RangeError} If `time` is not later than the present one.
   * @throws {ManagerRefusedError} If the connection was not admitted.
   */
  @expose
  set_time(time: number): void {
    this.#check();
    const { clock } = this.container;
    if (!isSettable(clock)) {
      throw new TypeError(
        `Cannot set the time of '${this.container.address}': its clock runs by itself, make the container with an 'ExternalClock'`,
      );
    }
    clock.setTime(time);
  }

  /**
   * Asks for the container's end: see {@linkcode Manager.stopReceived}.
   *
   * @throws {ManagerRefusedError} If the connection was not admitted.
   */
  @expose
  stop(): void {
    this.#check();
    // The answer is to leave before whoever waits for this closes the way.
    setImmediate(this.#resolveStop);
  }

  #check(): void {
    const { session } = call();
    const access = this.#access;
    if (access.for === "anybody") return;
    if (access.for === "session" && access.session === session) return;
    throw this.#refused("it serves the connection of its parent alone");
  }

  #refused(why: string): ManagerRefusedError {
    return new ManagerRefusedError(
      `Cannot use the manager of '${this.container.address}': ${why}`,
    );
  }
}

/** Whom a manager serves. */
type Access =
  | { readonly for: "anybody" }
  | { readonly for: "bearer"; readonly token: string }
  | { readonly for: "session"; readonly session: object };

function isAgentClass(value: unknown): value is AgentClass<Agent, unknown[]> {
  return typeof value === "function" && value.prototype instanceof Agent;
}

function isSettable(
  clock: object,
): clock is { setTime(time: number): void } {
  return "setTime" in clock && typeof clock.setTime === "function";
}
