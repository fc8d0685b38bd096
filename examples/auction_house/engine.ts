import {
  containerEngine,
  type Engine,
  memoryEngine,
} from "@denomas/denomas/cluster";

import { natsEngine } from "@denomas/denomas/nats";

/** The lease of all nodes, in milliseconds. */
export const LEASE_MS = 3_000;

/** The name of the cluster. */
export const CLUSTER = "auction-house";

/**
 * Opens what the nodes share: `"memory"`, a NATS server as
 * `nats://127.0.0.1:4222`, or the address of the agent of a container.
 */
export function openEngine(address: string): Promise<Engine> {
  if (address === "memory") return memoryEngine();
  return address.startsWith("nats:")
    ? natsEngine(address)
    : containerEngine(address);
}
