/**
 * When mosaik steps a simulator. `time-based`: at the times that the simulator
 * names itself. `event-based`: when an input arrives. `hybrid`: both.
 */
export type SimulatorType = "time-based" | "event-based" | "hybrid";

/** What a simulator tells mosaik of one of its models. */
export interface ModelDescription {
  /**
   * Whether a scenario may create it; if not, it only comes as a child.
   *
   * @default {true}
   */
  readonly public?: boolean;
  /**
   * The names of the parameters that `create` takes.
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
   * Inputs that cause a step when they arrive.
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
   * Outputs that hold until they change.
   *
   * @default {all attributes that are not in `non-persistent`}
   */
  readonly persistent?: readonly string[];
  /**
   * Outputs that are events, there only at the time that they are set for.
   *
   * @default {all attributes if event-based, else none}
   */
  readonly "non-persistent"?: readonly string[];
}

/**
 * What a simulator tells mosaik of itself, in mosaik's own words: it is sent as
 * it is.
 */
export interface Meta {
  /**
   * The version of mosaik's API, which begins with 3.
   *
   * @default {"3.0"}
   */
  readonly api_version?: string;
  /** When mosaik steps it. */
  readonly type: SimulatorType;
  /** Its models, by name. */
  readonly models: Readonly<Record<string, ModelDescription>>;
  /**
   * The names of the methods that a scenario may call beside those of mosaik.
   *
   * @default {[]}
   */
  readonly extra_methods?: readonly string[];
  /**
   * Whether the simulator sets events for itself by `setEvent`.
   *
   * @default {false}
   */
  readonly set_events?: boolean;
}
