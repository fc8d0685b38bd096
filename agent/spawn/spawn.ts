import { checkRange } from "../../channel/internal.ts";
import { world } from "../../transports/internal.ts";
import { internalsOf } from "../_container_internals.ts";
import type { Container } from "../container.ts";
import { SpawnError } from "../errors.ts";
import type { SpawnOptions } from "./contract.ts";
import { planSpawn } from "./_plan.ts";
import { SpawnedContainer } from "./spawned_container.ts";

const START_TIMEOUT_MS = 10_000;

/** The number of ports to try if any port will do. */
const PORT_ATTEMPTS = 3;

/** Any free port, unreachable from other machines. */
const ADDRESS = "tcp://127.0.0.1:0";

/**
 * Spawns a container in its own process or Worker. Only `parent` can make
 * agents in it. Resolves when the container is ready.
 *
 * The container lives as long as `parent` and the connection between them: it
 * ends when either is gone, even when this process is killed. If it cannot
 * start, or the start is aborted, nothing is left behind.
 *
 * ```ts ignore
 * import { Container, spawnContainer } from "@denomas/denomas/agent";
 * import type { Bidder } from "./bidders.ts";
 *
 * await using container = await Container.create("tcp://127.0.0.1:0");
 * await using spawned = await spawnContainer(container, {
 *   kind: "process",
 *   modules: { bidders: import.meta.resolve("./bidders.ts") },
 * });
 * const bidder = await spawned.spawn<Bidder>("bidders:Bidder", 10);
 * await bidder.bid(8);
 * ```
 *
 * @throws {TypeError} If an option has a wrong type or conflicts with another
 * option, such as permissions for a Worker; or if `tls` cannot be used.
 * @throws {SerializationError} If the credentials are not plain data.
 * @throws {RangeError} If a time is out of range.
 * @throws {SpawnError} If the container does not start within `startTimeoutMs`,
 * its process ends, a module cannot be loaded, the address is in use, or one of
 * the two containers does not trust the other.
 * @throws {ContainerClosedError} If `parent` is closed, or closes during the
 * start.
 * @throws {unknown} The reason of the signal, if the signal aborts first.
 */
export async function spawnContainer(
  parent: Container,
  options: SpawnOptions,
): Promise<SpawnedContainer> {
  const { address = ADDRESS, startTimeoutMs = START_TIMEOUT_MS } = options;
  checkRange("startTimeoutMs", startTimeoutMs, 0);
  const until = world.now() + startTimeoutMs;
  for (let attempt = 1;; attempt++) {
    const plan = await planSpawn(parent, { ...options, address });
    const { context } = internalsOf(parent);
    context.checkOpen("spawn a container");
    if (context.access.children.has(plan.address)) throw inUse(plan.address);
    options.signal?.throwIfAborted();
    const leftMs = attempt === 1 ? startTimeoutMs : until - world.now();
    const spawned = new SpawnedContainer(parent, plan);
    try {
      await spawned.start(Math.max(0, leftMs), options.signal);
      return spawned;
    } catch (error) {
      // Another program has taken the free port meanwhile.
      const mayRetry = address.endsWith(":0") && attempt < PORT_ATTEMPTS &&
        error instanceof SpawnError && error.remoteName === "AddressInUseError";
      if (!mayRetry) throw error;
    }
  }
}

function inUse(address: string): SpawnError {
  return new SpawnError(
    `Cannot spawn a container at '${address}': another one is being spawned or open there`,
    { remoteName: "AddressInUseError" },
  );
}
