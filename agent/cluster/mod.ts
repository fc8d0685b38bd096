/**
 * Agents on many machines: nodes that know each other by name, on an engine that
 * they share.
 *
 * @module
 */
export { containerEngine } from "./container_engine.ts";
export type { ContainerEngineOptions } from "./container_engine.ts";
export type { Engine, Entry, EntryChange, PutOptions } from "./engine.ts";
export { EngineAgent } from "./engine_agent.ts";
export { EngineError, StaleEpochError } from "./errors.ts";
export { memoryEngine } from "./memory_engine.ts";
