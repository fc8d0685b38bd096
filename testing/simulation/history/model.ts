/** The shape of one operation on an object: its name, input and output. */
export interface Operation {
  /** The name of the operation, such as `"write"`. */
  readonly name: string;
  /** The argument of the operation; `undefined` if it has none. */
  readonly input: unknown;
  /** The return value of the operation. */
  readonly output: unknown;
}

/** An operation as a client calls it, before its output is known. */
export type OperationCall<Op extends Operation = Operation> = Op extends
  Operation ? {
    /** The client that calls it. */
    readonly client: string;
    /** The name of the operation. */
    readonly name: Op["name"];
    /** The argument of the operation. */
    readonly input: Op["input"];
  }
  : never;

/** One way in which an operation can take effect. */
export interface Outcome<State> {
  /** The state afterwards. */
  readonly state: State;
  /** The return value in this case. If omitted, every output is valid. */
  readonly output?: unknown;
}

/**
 * The behaviour of an object with one client at a time: the specification to
 * which histories of concurrent operations are compared.
 *
 * `Op` is the union of the object's operations; it types
 * {@linkcode History.record}.
 */
export interface Model<State = unknown, Op extends Operation = Operation> {
  /** The name of the model in reports. */
  readonly name: string;
  /** Returns the initial state. */
  init(): State;
  /**
   * Returns the ways in which an operation can take effect in `state`, without
   * changing `state`: none if the operation must wait, several if the object
   * may choose. Outputs are compared by value; `null` equals `undefined`.
   */
  step(
    state: State,
    operation: OperationCall<Op>,
  ): readonly Outcome<State>[];
  /**
   * Returns the part of the object that an operation uses, such as the key of a
   * map. Operations on different parts must not affect each other: each part is
   * checked separately, which is much faster.
   *
   * @default One part.
   */
  partition?(operation: OperationCall<Op>): string;
  /**
   * Returns a text that is the same only for equal states.
   *
   * @default The state as JSON, with sorted keys; also for `Map`, `Set`,
   * `Date`, `bigint` and bytes.
   */
  stateKey?(state: State): string;
}
