import {
  containerEngine,
  type Engine,
  memoryEngine,
} from "@denomas/denomas/cluster";

/** The lease of all nodes, in milliseconds. */
export const LEASE_MS = 3_000;

/** The name of the cluster. */
export const CLUSTER = "auction-house";

/**
 * Opens what the nodes share: `"memory"`, or the address of the agent of a
 * container.
 */
export function openEngine(address: string): Promise<Engine> {
  if (address === "memory") return memoryEngine();
  return containerEngine(address);
}
