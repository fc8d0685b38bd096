import { printable } from "../transports/printable.ts";

/** Returns the name of an agent's class, or `"Agent"` if the class has none. */
export function classNameOf(agent: object): string {
  const { name } = agent.constructor;
  // A class may have a static member of that name.
  return typeof name === "string" && name !== "" ? printable(name) : "Agent";
}

/** Returns whether `id` can be part of an agent's address. */
export function isAgentId(id: unknown): id is string {
  return typeof id === "string" && id !== "" &&
    !id.includes("/") && !id.startsWith("$") &&
    // It becomes part of log lines and of the names of proxies.
    printable(id, Infinity) === id;
}

/**
 * Checks that `id` can be part of an agent's address.
 *
 * @throws {TypeError} If it cannot.
 */
export function checkAgentId(id: string): void {
  if (isAgentId(id)) return;
  throw new TypeError(
    `Cannot use '${
      printable(String(id))
    }' as the id of an agent: an id is printable text that is not empty, does not contain '/' and does not begin with '$', choose another`,
  );
}
