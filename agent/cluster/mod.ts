/**
 * Agents on many machines: nodes that know each other by name, on an engine that
 * they share.
 *
 * @module
 */
export type { Engine, Entry, EntryChange, PutOptions } from "./engine.ts";
export { EngineError, StaleEpochError } from "./errors.ts";
