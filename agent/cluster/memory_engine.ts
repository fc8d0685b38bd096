import { observed, world } from "../../transports/internal.ts";
import { Container } from "../container.ts";
import { containerEngine } from "./container_engine.ts";
import type { Engine } from "./engine.ts";
import { EngineAgent } from "./engine_agent.ts";

/** A container in memory that holds the entries of some engines. */
interface Hub {
  readonly container: Container;
  /** The address of the engine agent. */
  readonly address: string;
  /** The engines that keep the hub open; some may not be connected yet. */
  users: number;
  /** The connected engines. */
  readonly engines: Set<Engine>;
}

/** The hubs of the open engines. */
const hubs = new WeakMap<Engine, Hub>();

/**
 * Creates an in-memory engine, for nodes of one process and for tests. With
 * `beside`, the new engine shares entries and topics with that engine; several
 * nodes may also use the same engine. The entries are gone when the last engine
 * that shares them is disposed of.
 *
 * In a simulation, engines reach each other over the simulated network. Create
 * the first engine in the body, and in each node another engine beside it.
 *
 * ```ts
 * import { memoryEngine } from "@denomas/denomas/cluster";
 * import { assertEquals } from "@std/assert";
 *
 * await using one = await memoryEngine();
 * await using other = await memoryEngine(one);
 * await one.put("leader", new TextEncoder().encode("Ada"), { expected: 0 });
 * const entry = await other.get("leader");
 * assertEquals(new TextDecoder().decode(entry?.value), "Ada");
 * ```
 *
 * @throws {TypeError} If `beside` is not an in-memory engine, or is disposed
 * of.
 */
export async function memoryEngine(beside?: Engine): Promise<Engine> {
  const hub = beside === undefined ? await openHub() : hubs.get(beside);
  if (hub === undefined) {
    throw new TypeError(
      "Cannot share entries: the engine is not in memory, or is disposed of",
    );
  }
  hub.users++;
  // Without a simulated network, the connection cannot be lost.
  const isSimulated = world.memory !== undefined;
  const patience = isSimulated
    ? {}
    : { timeoutMs: Infinity, heartbeatMs: Infinity };
  const engine = await containerEngine(hub.address, {
    ...patience,
    retryForMs: Infinity,
    onError: () => {},
  });
  hubs.set(engine, hub);
  hub.engines.add(engine);
  observed.by?.owned(hub.container, engine);
  const close = engine[Symbol.asyncDispose].bind(engine);
  engine[Symbol.asyncDispose] = async () => {
    await close();
    hubs.delete(engine);
    if (!hub.engines.delete(engine)) return;
    const [other] = hub.engines;
    if (other !== undefined) observed.by?.owned(hub.container, other);
    if (--hub.users === 0) await hub.container.close();
  };
  return engine;
}

async function openHub(): Promise<Hub> {
  const container = await Container.create(`local://${world.uuid()}`);
  const { address } = await container.spawn(EngineAgent);
  return { container, address, users: 0, engines: new Set() };
}
