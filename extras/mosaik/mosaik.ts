import type { EntityGraph, EntityInfos } from "./data.ts";

/**
 * The calls that a simulator can make to mosaik. They are sent one at a time,
 * in order. A call rejects with a `RemoteError` if mosaik refuses it, and with
 * a `ConnectionClosedError` if mosaik is gone.
 */
export interface Mosaik {
  /** Aborts when mosaik stops the simulator or is gone. */
  readonly signal: AbortSignal;
  /** Resolves to the progress of the simulation, in percent. */
  getProgress(): Promise<number>;
  /** Resolves to all entities, and which of them are related or connected. */
  getRelatedEntities(): Promise<EntityGraph>;
  /** Resolves to the entities that are related to the one with this full id. */
  getRelatedEntities(fullId: string): Promise<EntityInfos>;
  /** Resolves to the entities that are related to each of these, by full id. */
  getRelatedEntities(
    fullIds: readonly string[],
  ): Promise<Readonly<Record<string, EntityInfos>>>;
  /**
   * Requests a step at `time`. It can be called at any moment, but mosaik
   * allows it only in a simulation that runs in real time.
   *
   * @throws {TypeError} If the simulator's meta has no `set_events: true`.
   * @throws {RangeError} If `time` is not an integer from 0.
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
   * Sets inputs of entities of other simulators during a step. `data` is keyed
   * by the full id of the source, then that of the destination, then the
   * attribute. The conditions of `getData` apply.
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
