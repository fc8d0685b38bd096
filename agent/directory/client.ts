import type { ConnectOptions } from "../container_options.ts";
import type { OnError } from "../../channel/report.ts";
import type { Remote } from "../../rpc/remote.ts";
import type {
  DirectoryChange,
  DirectoryEntry,
  DirectoryProperties,
  DirectoryQuery,
} from "./entry.ts";

/** Options for `findDirectory`. */
export interface FindDirectoryOptions extends ConnectOptions {
  /**
   * Hears of errors when an agent is registered again, other than that the
   * directory is away; the registration is tried again.
   *
   * @default One line on stderr.
   */
  readonly onError?: OnError | undefined;
}

/** An agent to register, or an object with the address of one. */
export interface RegisteredAgent {
  /** The address of the agent. */
  readonly address: string;
  /** Ends the registration when it aborts, as the signal of an agent does. */
  readonly signal?: AbortSignal | undefined;
}

/** Options for `DirectoryClient.register`. */
export interface RegisterOptions {
  /** The kind of the agent, in a word of your choice. */
  readonly type: string;
  /**
   * Further properties of the agent.
   *
   * @default {none}
   */
  readonly properties?: DirectoryProperties | undefined;
}

/** Options for `DirectoryClient.lookUp`. */
export interface LookUpOptions extends DirectoryQuery {
  /**
   * The most entries to return.
   *
   * @default {all of them; a million or more are a `RangeError`}
   */
  readonly limit?: number | undefined;
}

/** Options for `DirectoryClient.subscribe`. */
export interface SubscribeOptions extends DirectoryQuery {
  /** Ends the subscription: the loop throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * A registration that is kept up: after the directory was away, the agent is
 * registered again, after waits that grow from 50 ms to 5 s. It ends when it is
 * closed, and with its agent or container.
 */
export interface Registration extends AsyncDisposable {
  /** The address of the agent. */
  readonly address: string;
  /** The type of the agent. */
  readonly type: string;
  /** The properties that were given last. */
  readonly properties: DirectoryProperties;
  /** Whether the directory has the entry now, as far as this side knows. */
  readonly isRegistered: boolean;
  /**
   * Replaces the properties of the entry. Resolves when the directory has them;
   * while the directory is away, waits for it.
   *
   * @throws {ValidationError} If they do not fit; the entry stays as it was.
   * @throws {unknown} A reason, once the registration has ended.
   */
  update(properties: DirectoryProperties): Promise<void>;
  /**
   * Withdraws the entry, and resolves when it is gone, or after a second.
   * Repeatable; never rejects.
   */
  close(): Promise<void>;
}

/**
 * The directory on the side of a container that uses it. It owns its
 * registrations. Made by `findDirectory`.
 */
export interface DirectoryClient extends AsyncDisposable {
  /** The address of the directory. */
  readonly address: string;
  /**
   * Registers an agent, or the agent of a proxy, for as long as it lives. It
   * must belong to this container, unless the directory trusts this container.
   * Resolves when the directory has reached the agent, or waits for it to start;
   * while the directory is away, waits for the directory.
   *
   * @throws {ValidationError} If type or properties do not fit, or the
   * directory does not allow the address, or its container does not confirm it.
   * @throws {ServerBusyError} If the directory is full.
   * @throws {RemoteError} If the directory cannot reach the agent.
   * @throws {unknown} The reason of the agent's signal, if it ends first.
   */
  register<T>(
    agent: RegisteredAgent | Remote<T>,
    options: RegisterOptions,
  ): Promise<Registration>;
  /**
   * Returns the entries that fit a query, in the order in which they appeared.
   *
   * @throws {ValidationError} If the query does not fit, or the directory
   * sends something else than entries.
   * @throws {RangeError} If there are a million entries or more, and no `limit`.
   * @throws {ConnectError} If the directory cannot be reached.
   */
  lookUp(query?: LookUpOptions): Promise<DirectoryEntry[]>;
  /**
   * Looks up agents, and connects to all of them. Agents that are gone by then
   * are left out.
   *
   * @typeParam T The class of the agents. It is not checked.
   * @throws {unknown} The errors of `lookUp`.
   */
  connect<T>(query?: LookUpOptions): Promise<Remote<T>[]>;
  /**
   * Looks up agents, and connects to the first one that is there.
   *
   * @typeParam T The class of the agent. It is not checked.
   * @throws {AgentNotFoundError} If there is none.
   * @throws {unknown} The errors of `lookUp`.
   */
  connectOne<T>(query?: LookUpOptions): Promise<Remote<T>>;
  /**
   * Yields the entries that fit, as `"added"`, and then each change, until the
   * loop is left. A loop that reads slowly misses states in between, and never
   * the last one.
   *
   * @throws {ValidationError} In the loop, if the query does not fit.
   * @throws {ConnectionClosedError} In the loop, if the directory is lost.
   * @throws {AgentNotFoundError} In the loop, if the directory is closed.
   */
  subscribe(query?: SubscribeOptions): AsyncGenerator<DirectoryChange>;
  /** Closes its registrations. Repeatable; never rejects. */
  close(): Promise<void>;
}
