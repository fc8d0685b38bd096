/**
 * When mosaik steps a simulator. `time-based`: at the times that the simulator
 * returns itself. `event-based`: when an input arrives. `hybrid`: both.
 */
export type SimulatorType = "time-based" | "event-based" | "hybrid";

/** A simulator's description of one of its models, for mosaik. */
export interface ModelDescription {
  /**
   * Whether a scenario may create entities of it. Otherwise they exist only as
   * children of others.
   *
   * @default {true}
   */
  readonly public?: boolean;
  /**
   * The names of the parameters that `create` accepts.
   *
   * @default {[]}
   */
  readonly params?: readonly string[];
  /**
   * The names of its inputs and outputs.
   *
   * @default {those that the lists below name, if they name all}
   */
  readonly attrs?: readonly string[];
  /**
   * Whether inputs may have any name, as for a database.
   *
   * @default {false}
   */
  readonly any_inputs?: boolean;
  /**
   * Inputs that trigger a step when they arrive.
   *
   * @default {all inputs if event-based, those not in `non-trigger` if hybrid
   * and that is given, else none}
   */
  readonly trigger?: readonly string[];
  /**
   * Inputs that wait for the next step.
   *
   * @default {all inputs that are not in `trigger`}
   */
  readonly "non-trigger"?: readonly string[];
  /**
   * Outputs whose values stay valid until they change.
   *
   * @default {all attributes that are not in `non-persistent`}
   */
  readonly persistent?: readonly string[];
  /**
   * Outputs that are events, present only at the time that they are set for.
   *
   * @default {all attributes if event-based, else none}
   */
  readonly "non-persistent"?: readonly string[];
}

/**
 * A simulator's description of itself. Its names are mosaik's, because it is
 * sent unchanged.
 */
export interface Meta {
  /**
   * The version of mosaik's API, which begins with 3.
   *
   * @default {"3.0"}
   */
  readonly api_version?: string;
  /** When mosaik steps the simulator. */
  readonly type: SimulatorType;
  /** The models of the simulator, by name. */
  readonly models: Readonly<Record<string, ModelDescription>>;
  /**
   * The names of additional methods that a scenario may call.
   *
   * @default {[]}
   */
  readonly extra_methods?: readonly string[];
  /**
   * Whether the simulator sets events for itself with `setEvent`.
   *
   * @default {false}
   */
  readonly set_events?: boolean;
}
