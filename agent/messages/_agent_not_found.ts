import { AgentNotFoundError } from "../../rpc/errors.ts";
import { printable } from "../../transports/printable.ts";

/** Returns the error of a call of an agent that its container does not have. */
export function agentNotFound(id: string): AgentNotFoundError {
  // A peer may ask for anything.
  const shown = typeof id === "string" ? printable(id) : typeof id;
  return new AgentNotFoundError(
    `Cannot find agent '${shown}': it does not exist here, or not any more`,
  );
}

/**
 * Returns whether a call of the agent has failed since its container does not
 * have it. Methods that have run may throw errors of the same class, about others.
 */
export function isAgentNotFound(error: unknown, id: string): boolean {
  return error instanceof AgentNotFoundError &&
    error.message === agentNotFound(id).message;
}
