import { printable } from "../transports/printable.ts";

/** The name of the class of an agent, also where the class has none. */
export function classNameOf(agent: object): string {
  const { name } = agent.constructor;
  // A class may have a static member of that name.
  return typeof name === "string" && name !== "" ? printable(name) : "Agent";
}
