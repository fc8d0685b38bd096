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
   * Hears of what goes wrong when an agent is registered again, beside the
   * directory being away; it is tried again.
   *
   * @default One line on stderr.
   */
  readonly onError?: OnError | undefined;
}

/** What is registered: an agent, or what has the address of one. */
export interface RegisteredAgent {
  /** Its address. */
  readonly address: string;
  /** Ends the registration when it aborts, as the signal of an agent does. */
  readonly signal?: AbortSignal | undefined;
}

/** As what an agent is registered. */
export interface RegisterOptions {
  /** What kind of agent it is, in a word of your choice. */
  readonly type: string;
  /**
   * What else it tells of itself.
   *
   * @default {none}
   */
  readonly properties?: DirectoryProperties | undefined;
}

/** Options for `DirectoryClient.lookUp`. */
export interface LookUpOptions extends DirectoryQuery {
  /**
   * How many entries are wanted at most.
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
 * closed, or with its agent or container.
 */
export interface Registration extends AsyncDisposable {
  /** The address of the agent. */
  readonly address: string;
  /** Its type. */
  readonly type: string;
  /** Its properties, as they were given last. */
  readonly properties: DirectoryProperties;
  /** Whether the directory has it now, as far as this side knows. */
  readonly isRegistered: boolean;
  /**
   * Gives the entry other properties instead. Resolves when the directory has
   * them; while that is away it waits for it.
   *
   * @throws {ValidationError} If they do not fit; the entry is as it was.
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
 * A directory, as one container uses it. It owns the registrations that it
 * made. Made by `findDirectory`.
 */
export interface DirectoryClient extends AsyncDisposable {
  /** The address of the directory. */
  readonly address: string;
  /**
   * Registers an agent, or that of a proxy, for as long as it lives. It must be
   * one of this container, unless the directory trusts that. Resolves when the
   * directory has reached it, or, if it is still starting, waits for it to
   * start; while the directory is away, it waits for that.
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
   * The entries that a query means, in the order in which they came to be
   * there.
   *
   * @throws {ValidationError} If the query does not fit, or the directory
   * answers with what is no entry.
   * @throws {RangeError} If there are a million entries or more, and no `limit`.
   * @throws {ConnectError} If the directory cannot be reached.
   */
  lookUp(query?: LookUpOptions): Promise<DirectoryEntry[]>;
  /**
   * Looks up, and connects to all that it finds. Who is gone by then is left
   * out.
   *
   * @typeParam T The class of the agents. Nothing checks that it is.
   * @throws {unknown} As `lookUp` does.
   */
  connect<T>(query?: LookUpOptions): Promise<Remote<T>[]>;
  /**
   * Looks up, and connects to the first that is there.
   *
   * @typeParam T The class of the agent. Nothing checks that it is.
   * @throws {AgentNotFoundError} If there is none.
   * @throws {unknown} As `lookUp` does.
   */
  connectOne<T>(query?: LookUpOptions): Promise<Remote<T>>;
  /**
   * Tells of what is there, as `"added"`, and then of each change, until the
   * loop is left. One who is slow to read misses states in between, and never
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
