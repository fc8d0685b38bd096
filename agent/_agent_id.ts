import { printable } from "../transports/printable.ts";

/** Whether `id` can be a part of an agent's address. */
export function isAgentId(id: unknown): id is string {
  return typeof id === "string" && id !== "" &&
    !id.includes("/") && !id.startsWith("$") &&
    // It becomes part of log lines and of the names of proxies.
    printable(id, Infinity) === id;
}

/**
 * Checks that `id` can be a part of an agent's address.
 *
 * @throws {TypeError} If it cannot.
 */
export function checkAgentId(id: string): void {
  if (isAgentId(id)) return;
  throw new TypeError(
    `Cannot use '${
      printable(String(id))
    }' as the id of an agent: an id is printable text that is not empty, does not hold '/' and does not begin with '$', choose another`,
  );
}
