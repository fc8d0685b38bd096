import type { ChannelStats, CloseOptions } from "../channel/channel.ts";
import type { FailurePolicy } from "./failure_policy.ts";

/** An agent, as its container sees it. */
export interface Resident extends AsyncDisposable {
  /** Its name in the container. */
  readonly id: string;
  /** Its address, by which others connect to it. */
  readonly address: string;
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

/** A task of an agent's own. It should end when `signal` aborts. */
export type AgentTask = (signal: AbortSignal) => void | Promise<void>;

/** Options for `Container.connect`. */
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

/** Options for `Container.watch`. */
export interface WatchOptions {
  /** Ends the watch; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** What `Container.watch` tells. */
export interface AgentGone {
  /** The address that was watched. */
  readonly address: string;
  /**
   * Whether the agent alone is gone, or its container, which may only be out
   * of reach.
   */
  readonly scope: "agent" | "container";
  /** A few words on why, for people and logs. */
  readonly message: string;
}

/**
 * The sizes of a container's tables. What a channel counts is the sum over all
 * its connections, those that have ended included; one to itself has two ends,
 * and both count.
 */
export interface ContainerStats extends ChannelStats {
  /** Agents that can be called. */
  readonly agents: number;
  /** Agents that are being started or closed. */
  readonly hiddenAgents: number;
  /** Connections that this container has made, one for each other container. */
  readonly connections: number;
  /** Connections that others have made to it. */
  readonly clients: number;
  /** Connections that this container has made since the start. */
  readonly openedConnections: number;
  /** Connections that others have made to it since the start. */
  readonly acceptedConnections: number;
  /**
   * Those of both kinds that ended with an error: they were lost or cut, or the
   * peer broke the protocol.
   */
  readonly failedConnections: number;
  /** Connections of others that were closed at once as over the limit. */
  readonly refusedConnections: number;
  /** Agents here that are being watched, once for each container that does. */
  readonly watches: number;
  /** Proxies for agents that are remembered for the next `connect`. */
  readonly proxies: number;
}
