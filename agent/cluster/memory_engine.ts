import { world } from "../../transports/internal.ts";
import { Container } from "../container.ts";
import { containerEngine } from "./container_engine.ts";
import type { Engine } from "./engine.ts";
import { EngineAgent } from "./engine_agent.ts";

/** A container in memory that holds the entries of its engines. */
interface Hub {
  readonly container: Container;
  /** The address of its agent. */
  readonly address: string;
  /** How many engines keep it open. */
  engines: number;
}

/** The hubs of the engines that are open. */
const hubs = new WeakMap<Engine, Hub>();

/**
 * Creates an engine in memory, for nodes of one process and for tests. With
 * `beside`, it shares entries and topics with that one; nodes may also share an
 * engine itself. The entries are gone when the last of them is disposed of.
 *
 * In a simulation, engines reach each other over the simulated network: let the
 * body make the first one, and each node one of its own beside it.
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
 * @throws {TypeError} If `beside` is no engine in memory, or is disposed of.
 */
export async function memoryEngine(beside?: Engine): Promise<Engine> {
  const hub = beside === undefined ? await openHub() : hubs.get(beside);
  if (hub === undefined) {
    throw new TypeError(
      "Cannot share entries: the engine is not in memory, or is disposed of",
    );
  }
  hub.engines++;
  // Only a simulated network loses connections.
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
  const close = engine[Symbol.asyncDispose].bind(engine);
  engine[Symbol.asyncDispose] = async () => {
    await close();
    if (hubs.delete(engine) && --hub.engines === 0) await hub.container.close();
  };
  return engine;
}

async function openHub(): Promise<Hub> {
  const container = await Container.create(`local://${world.uuid()}`);
  const { address } = await container.spawn(EngineAgent);
  return { container, address, engines: 0 };
}
