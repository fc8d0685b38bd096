import { describeValue } from "../../channel/message.ts";
import type { AgentLike } from "../agent_options.ts";
import type { AgentGuard, AgentLifecycle } from "./_agent_lifecycle.ts";
import type { Restarts } from "./_restart_policy.ts";

/** Makes one agent for `spawn`, and makes it again after failures. */
export class AgentFactory {
  /** Calls the constructor. */
  readonly make: () => AgentLike;
  /**
   * The prototype of the agent. Other agents that the constructor makes have
   * other prototypes.
   */
  readonly prototype: object;
  /** The agent that owns this one; `null` if the container does. */
  readonly parent: AgentLifecycle | null;
  /** The id of the agent, which stays the same after restarts. */
  id: string | undefined;
  /** Whether the id was chosen before the agent was made. */
  readonly isNamed: boolean;
  /** The restarts of the agent; `null` if it is not restarted. */
  restarts: Restarts | null = null;
  isRestarting = false;
  /** Wraps the method of each call, if set. */
  guard: AgentGuard | null = null;
  /** The newest agent; `null` until its constructor registers it. */
  own: AgentLifecycle | null = null;
  /** All agents that registered while the constructor was running. */
  made: AgentLifecycle[] = [];

  /**
   * `type` is the class of the agent.
   *
   * @throws {TypeError} If it is not a class.
   */
  constructor(
    type: { readonly prototype: object },
    make: () => AgentLike,
    parent: AgentLifecycle | null = null,
    id?: string,
  ) {
    const isClass = typeof (type as unknown) === "function";
    if (!isClass) {
      throw new TypeError(
        `Cannot spawn an agent: its class is ${
          describeValue(type)
        }, pass a class that extends 'Agent'`,
      );
    }
    this.prototype = type.prototype;
    this.make = make;
    this.parent = parent;
    this.id = id;
    this.isNamed = id !== undefined;
  }
}
