/** What mosaik initialises a simulator with. */
export interface InitParams {
  /** How many seconds one unit of the simulation's time stands for. */
  readonly time_resolution: number;
  /** What the scenario gave to `world.start`. */
  readonly [name: string]: unknown;
}

/** An instance of a model, as `create` returns it. */
export interface Entity {
  /** Its name, which no other entity of the simulator has; not `"time"`. */
  readonly eid: string;
  /** The name of its model. */
  readonly type: string;
  /**
   * The ids of entities of this simulator that it is related to.
   *
   * @default {[]}
   */
  readonly rel?: readonly string[];
  /**
   * Entities that it is made of.
   *
   * @default {[]}
   */
  readonly children?: readonly Entity[];
  /** Anything else that the scenario should know of it. */
  readonly extra_info?: unknown;
}

/**
 * The inputs of a step: entity, attribute, then the full id of the source
 * (`"Simulator-0.entity"`, whose first dot parts the two) and its value.
 */
export type Inputs = Readonly<
  Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>
>;

/** Which attributes of which entities mosaik wants to know. */
export type OutputRequest = Readonly<Record<string, readonly string[]>>;

/** Values of attributes, by entity and attribute. */
export interface Outputs {
  /**
   * For which time they are, if not for that of the last step. A time-based
   * simulator has no such choice.
   */
  readonly time?: number;
  /** The values of an entity. */
  readonly [eid: string]:
    | Readonly<Record<string, unknown>>
    | number
    | undefined;
}

/** What mosaik tells of an entity. */
export interface EntityInfo {
  /** The name of its model. */
  readonly type: string;
  /** The simulator that it belongs to. */
  readonly sid: string;
}

/** Entities, by full id. */
export type EntityInfos = Readonly<Record<string, EntityInfo>>;

/** All entities of a scenario, and which of them are related or connected. */
export interface EntityGraph {
  /** All entities. */
  readonly nodes: EntityInfos;
  /** Pairs of full ids; the third is always empty. */
  readonly edges: readonly (readonly [
    string,
    string,
    Readonly<Record<string, unknown>>,
  ])[];
}
