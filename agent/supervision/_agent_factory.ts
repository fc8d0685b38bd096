import type { AgentLike } from "../agent_options.ts";
import type { AgentGuard, AgentLifecycle } from "./_agent_lifecycle.ts";
import type { Restarts } from "./_restart_policy.ts";

/** How `spawn` makes one agent, and makes it again after failures. */
export class AgentFactory {
  /** Calls the constructor. */
  readonly make: () => AgentLike;
  /** The prototype of the agent, but not of other agents that it makes. */
  readonly prototype: object;
  /** The agent that owns it; `null` if the container does. */
  readonly parent: AgentLifecycle | null;
  /** The id of the agent, which it keeps if it is restarted. */
  id: string | undefined;
  /** Whether the id was chosen before the agent was made. */
  readonly isNamed: boolean;
  /** The restarts of the agent, if it asks for them. */
  restarts: Restarts | null = null;
  isRestarting = false;
  /** Runs around the methods of the agent, if there is one. */
  guard: AgentGuard | null = null;
  /** The newest agent; `null` until its constructor registers it. */
  own: AgentLifecycle | null = null;
  /** All agents that have registered while its constructor ran. */
  made: AgentLifecycle[] = [];

  constructor(
    prototype: object,
    make: () => AgentLike,
    parent: AgentLifecycle | null = null,
    id?: string,
  ) {
    this.prototype = prototype;
    this.make = make;
    this.parent = parent;
    this.id = id;
    this.isNamed = id !== undefined;
  }
}
