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
 * Opens the engine that the nodes share: `"memory"`, a NATS server such as
 * `nats://127.0.0.1:4222`, or the address of an agent in a container.
 */
export function openEngine(address: string): Promise<Engine> {
  if (address === "memory") return memoryEngine();
  return address.startsWith("nats:")
    ? natsEngine(address)
    : containerEngine(address);
}
