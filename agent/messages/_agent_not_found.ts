import { AgentNotFoundError } from "../../rpc/errors.ts";
import { printable } from "../../transports/printable.ts";

/**
 * Returns the error for a call of an agent that does not exist in its
 * container.
 */
export function agentNotFound(id: string): AgentNotFoundError {
  // A peer may send any value as an id.
  const shown = typeof id === "string" ? printable(id) : typeof id;
  return new AgentNotFoundError(
    `Cannot find agent '${shown}': it does not exist here, or not any more`,
  );
}

/**
 * Returns whether a call has failed because the container does not have the
 * agent. A method that has run may throw an error of the same class about
 * another agent.
 */
export function isAgentNotFound(error: unknown, id: string): boolean {
  return error instanceof AgentNotFoundError &&
    error.message === agentNotFound(id).message;
}
