import { checkRange } from "../../channel/internal.ts";
import type { CallOptions } from "../../rpc/call.ts";
import { type CallTerms, makeRemote } from "../../rpc/internal.ts";
import { notify, type Notifying } from "../../rpc/options.ts";
import type { AnyFunction, Remote, RemoteResult } from "../../rpc/remote.ts";
import { internalsOf } from "../_container_internals.ts";
import type { AgentLike } from "../agent_options.ts";
import { parseAgentAddress } from "../address.ts";
import type { Clock } from "../clock/base_clock.ts";
import type { GroupEngine } from "./contract.ts";
import { gather } from "./_gather.ts";

/**
 * The answer of one member of a {@linkcode Group}, or the error of its call.
 */
export type GroupAnswer<V = unknown> =
  | { readonly member: string; readonly value: V; readonly error?: undefined }
  | {
    readonly member: string;
    readonly value?: undefined;
    readonly error: unknown;
  };

/** An agent that joins a group. */
export interface Member extends Pick<AgentLike, "address"> {
  /** Aborts when the agent closes. */
  readonly signal: AbortSignal;
}

/** The methods of a proxy, called in all members of a group. */
export type Asking<T> = {
  readonly [K in keyof Remote<T>]: Remote<T>[K] extends
    (...args: infer Args) => Promise<infer R>
    ? (...args: Args) => Promise<GroupAnswer<RemoteResult<R>>[]>
    : Remote<T>[K] extends AnyFunction ? never
    : Asking<Remote<T>[K]>;
};

/** Options for {@linkcode Group.ask}. */
export interface AskOptions {
  /**
   * The time in which members may answer, in seconds of the container's clock.
   * For a member that has not answered by then, the result is a `TimeoutError`.
   *
   * @default {Infinity}
   */
  readonly within?: number | undefined;
  /**
   * The number of values that suffices, an integer. The call resolves as
   * soon as it has them, without the members that have not answered, and
   * rejects if it cannot get them. A member that fails gives no value.
   *
   * @default {all members are waited for, and all may fail}
   */
  readonly atLeast?: number | undefined;
  /** Cancels the calls; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A named group of agents, in any containers, that can be told and asked
 * together. Made by `container.group`.
 *
 * @typeParam T The class of the members. It is not checked.
 */
export class Group<T = unknown> {
  /** The name of the group. */
  readonly name: string;
  readonly #container: object;
  readonly #clock: Clock;
  readonly #engine: GroupEngine;

  /** Made by `container.group`. */
  constructor(
    name: string,
    container: { readonly clock: Clock },
    engine: GroupEngine,
  ) {
    this.name = name;
    this.#container = container;
    this.#clock = container.clock;
    this.#engine = engine;
  }

  /**
   * Adds an agent of this container until it leaves or closes. Resolves when
   * the home has added the agent: messages sent from then on reach it. If the
   * connection to the home is lost, the agent is joined again automatically,
   * but misses messages sent in between. A restarted agent must join again
   * itself, for example in its `onStart`. Can be called repeatedly.
   *
   * @throws {TypeError} If the agent lives in another container, or is a proxy.
   * @throws {ConnectError} If the home cannot be reached.
   * @throws {ServerBusyError} If the home has no room for another member.
   * @throws {ContainerClosedError} If the container is closed.
   */
  async join(agent: Member): Promise<void> {
    const engine = this.#openEngine();
    const { address, signal } = agent;
    // A property of a proxy is a function.
    if (typeof address !== "string") {
      throw new TypeError(
        `Cannot join the group '${this.name}': this is not an agent object, perhaps it is a proxy, let the agent itself join`,
      );
    }
    const { container } = parseAgentAddress(address);
    if (container !== internalsOf(this.#container).context.address) {
      throw new TypeError(
        `Cannot join the group '${this.name}': '${address}' lives in another container, let it join there`,
      );
    }
    signal.throwIfAborted();
    await engine.join(this.name, address);
    const leave = () => engine.leave(this.name, address).catch(() => {});
    signal.addEventListener("abort", leave, { once: true });
    if (signal.aborted) leave();
  }

  /** Removes an agent of this container. Can be called repeatedly. */
  async leave(agent: Pick<Member, "address">): Promise<void> {
    await this.#engine.leave(this.name, agent.address);
  }

  /**
   * Resolves to the addresses of the members. Members of the same container are
   * in the order in which they joined.
   *
   * @throws {ConnectError} If the home cannot be reached.
   * @throws {ContainerClosedError} If the container is closed.
   */
  async members(): Promise<string[]> {
    return await this.#openEngine().members(this.name);
  }

  /** Returns the engine, unless the container makes no more connections. */
  #openEngine(): GroupEngine {
    const { context, links } = internalsOf(this.#container);
    if (!links.isEnding) return this.#engine;
    throw context.closedError(`reach the group '${this.name}'`);
  }

  /**
   * Calls methods of all members without an answer: see `notify`. Each
   * container gets one message for all its members.
   */
  get notify(): Notifying<Remote<T>> {
    return notify(this.ask()) as Notifying<Remote<T>>;
  }

  /**
   * Returns a proxy whose calls go to all members. A call resolves to the
   * answer or the error of each member, in the order of the members. It rejects
   * only if no member could be asked, or with `atLeast`, with an
   * `AggregateError` of the members' errors.
   *
   * @throws {RangeError} If `within` is under 0, or `atLeast` is not an
   * integer from 0.
   * @throws {TimeoutError} As a rejection of a call, if the home itself does
   * not answer within the time `within`.
   * @throws {ContainerClosedError} As a rejection of a call, if the container is
   * closed.
   */
  ask({ within = Infinity, atLeast = 0, signal }: AskOptions = {}): Asking<T> {
    checkRange("within", within, 0);
    if (!Number.isSafeInteger(atLeast) || atLeast < 0) {
      throw new RangeError(
        `Cannot set 'atLeast' to ${atLeast}: it must be an integer from 0`,
      );
    }
    const group = this.name;
    const caller = {
      remoteAddress: `group '${group}'`,
      call: async (
        path: string,
        args: readonly unknown[],
        options: CallOptions & CallTerms,
      ) => {
        const message = { group, path, args };
        const engine = this.#openEngine();
        if (options.isOneWay) return await engine.publish(message);
        return await gather(engine, message, {
          within,
          clock: this.#clock,
          atLeast,
          signal: options.signal ?? signal,
        });
      },
    };
    return makeRemote(caller, "") as Asking<T>;
  }

  /**
   * A proxy whose calls each go to any one member. If a call has not run
   * because the member is away, it goes to another member.
   *
   * @throws {AgentNotFoundError} As a rejection of a call, if no member can be
   * reached.
   * @throws {ConnectError} As a rejection of a call, if the home cannot be
   * reached.
   * @throws {ContainerClosedError} As a rejection of a call, if the container is
   * closed.
   */
  get any(): Remote<T> {
    const caller = {
      remoteAddress: `group '${this.name}'`,
      call: async (
        path: string,
        args: readonly unknown[],
        { signal, isOneWay = false }: CallOptions & CallTerms,
      ) => {
        const message = { group: this.name, path, args };
        const calling = this.#openEngine().callOne(message, signal);
        // The caller does not wait for the result.
        if (isOneWay) return void calling.catch(() => {});
        const answer = await calling;
        if ("error" in answer) throw answer.error;
        return answer.value;
      },
    };
    return makeRemote(caller, "") as Remote<T>;
  }

  /** Returns the class name and the name of the group. */
  toString(): string {
    return `Group('${this.name}')`;
  }
}
