/** The parameters with which mosaik initialises a simulator. */
export interface InitParams {
  /** The length of one unit of simulation time, in seconds. */
  readonly time_resolution: number;
  /** The parameters that the scenario passed to `world.start`. */
  readonly [name: string]: unknown;
}

/** An instance of a model, as `create` returns it. */
export interface Entity {
  /** The id of the entity, unique within the simulator; not `"time"`. */
  readonly eid: string;
  /** The name of the model. */
  readonly type: string;
  /**
   * The ids of related entities of this simulator.
   *
   * @default {[]}
   */
  readonly rel?: readonly string[];
  /**
   * The entities that it contains.
   *
   * @default {[]}
   */
  readonly children?: readonly Entity[];
  /** Further information on the entity for the scenario. */
  readonly extra_info?: unknown;
}

/**
 * The inputs of a step, by entity, attribute, and full id of the source. A full
 * id such as `"Simulator-0.entity"` is divided at its first dot.
 */
export type Inputs = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>
>;

/** The attributes that mosaik requests, by entity. */
export type OutputRequest = Readonly<Record<string, readonly string[]>>;

/** The values of attributes, by entity and attribute. */
export interface Outputs {
  /**
   * The time of the values, if it is not that of the last step. Time-based
   * simulators must not set it.
   */
  readonly time?: number;
  /** The values of an entity, by attribute. */
  readonly [eid: string]:
    | Readonly<Record<string, unknown>>
    | number
    | undefined;
}

/** Mosaik's information on an entity. */
export interface EntityInfo {
  /** The name of the model. */
  readonly type: string;
  /** The id of the simulator that it belongs to. */
  readonly sid: string;
}

/** Entities, by full id. */
export type EntityInfos = Readonly<Record<string, EntityInfo>>;

/** All entities of a scenario, and their relations and connections. */
export interface EntityGraph {
  /** All entities, by full id. */
  readonly nodes: EntityInfos;
  /** Pairs of full ids; the third element is always empty. */
  readonly edges: readonly (readonly [
    string,
    string,
    Readonly<Record<string, unknown>>,
  ])[];
}
