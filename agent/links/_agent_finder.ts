import type { BackoffOptions } from "../../channel/internal.ts";
import type { Route } from "./_link.ts";

/**
 * Finds agents whose addresses do not name a container, since they move. A
 * container asks the finder instead of connecting to the address before the
 * `/`.
 */
export interface AgentFinder {
  /** How long calls wait while an agent is away, in milliseconds. */
  readonly retryForMs: number;
  /** The waits between attempts. */
  readonly waits: BackoffOptions;
  /**
   * Resolves to the route to the agent with this id, in one attempt.
   *
   * @throws {ConnectError} If the agent cannot be found now.
   */
  find(id: string, signal: AbortSignal | undefined): Promise<Route>;
}
