/** The name of the class of an agent, also where the class has none. */
export function classNameOf(agent: object): string {
  return agent.constructor.name || "Agent";
}
