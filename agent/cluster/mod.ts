/**
 * Agents on many machines: nodes that find each other by name, through an
 * engine that they share.
 *
 * A {@linkcode Node} is a container with a name and a lease. It finds virtual
 * agents, which live on any node and move when their node dies; groups of
 * agents; and one leader for each name. The guide is `docs/cluster.md`.
 *
 * @module
 */
export { type Activation, activationOf, EpochGuard } from "./activation.ts";
export { containerEngine } from "./container_engine.ts";
export type { ContainerEngineOptions } from "./container_engine.ts";
export type { Engine, Entry, EntryChange, PutOptions } from "./engine.ts";
export { EngineAgent } from "./engine_agent.ts";
export { EngineError, StaleEpochError } from "./errors.ts";
export { Leadership } from "./leadership.ts";
export type { Member, MemberChange } from "./members.ts";
export { memoryEngine } from "./memory_engine.ts";
export { Node } from "./node.ts";
export type { NodeOptions } from "./node_options.ts";
