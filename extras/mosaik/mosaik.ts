import type { EntityGraph, EntityInfos } from "./data.ts";

/**
 * What a simulator may ask of mosaik. Calls go out one at a time, in their
 * order; each rejects with a `RemoteError` if mosaik refuses it, and with a
 * `ConnectionClosedError` if mosaik is gone.
 */
export interface Mosaik {
  /** Aborts when mosaik stops the simulator, or is gone. */
  readonly signal: AbortSignal;
  /** How far the simulation is, in percent. */
  getProgress(): Promise<number>;
  /** All entities, and which of them are related or connected. */
  getRelatedEntities(): Promise<EntityGraph>;
  /** The entities that are related to the one with this full id. */
  getRelatedEntities(fullId: string): Promise<EntityInfos>;
  /** The entities that are related to each of these. */
  getRelatedEntities(
    fullIds: readonly string[],
  ): Promise<Readonly<Record<string, EntityInfos>>>;
  /**
   * Asks for a step at `time`, at any moment; mosaik allows it only in a
   * simulation that runs in real time.
   *
   * @throws {TypeError} If the simulator's meta has no `set_events: true`.
   * @throws {RangeError} If `time` is no integer from 0.
   */
  setEvent(time: number): Promise<void>;
  /**
   * Reads attributes of entities of other simulators, by full id, during a
   * step. The connection must allow it with `async_requests=True`. mosaik
   * advises against it: connect what you need with `time_shifted` or `weak`.
   */
  getData(
    attributes: Readonly<Record<string, readonly string[]>>,
  ): Promise<Readonly<Record<string, Readonly<Record<string, unknown>>>>>;
  /**
   * Sets inputs of entities of other simulators during a step: full id of the
   * source, then of the destination, then attribute and value. Conditions are
   * those of `getData`.
   */
  setData(
    data: Readonly<
      Record<
        string,
        Readonly<Record<string, Readonly<Record<string, unknown>>>>
      >
    >,
  ): Promise<void>;
}
