/** The shape of one operation on an object: what goes in, what comes out. */
export interface Operation {
  /** What the operation is called, such as `"write"`. */
  readonly name: string;
  /** Its argument; `undefined` where it takes none. */
  readonly input: unknown;
  /** What it returns. */
  readonly output: unknown;
}

/** An operation as a client calls it, before its output is known. */
export type OperationCall<Op extends Operation = Operation> = Op extends
  Operation ? {
    /** The client that calls it. */
    readonly client: string;
    /** What the operation is called. */
    readonly name: Op["name"];
    /** Its argument. */
    readonly input: Op["input"];
  }
  : never;

/** One way in which an operation can take effect. */
export interface Outcome<State> {
  /** The state afterwards. */
  readonly state: State;
  /** What the operation then returns. Left out, every output is right. */
  readonly output?: unknown;
}

/**
 * What an object does when one client uses it at a time: the specification that
 * a history of concurrent operations is compared with.
 *
 * `Op` is the union of the object's operations; it types
 * {@linkcode History.record}.
 */
export interface Model<State = unknown, Op extends Operation = Operation> {
  /** What reports call it. */
  readonly name: string;
  /** Returns the first state. */
  init(): State;
  /**
   * Returns the ways in which an operation can take effect in `state`, without
   * changing `state`: none where it must wait, several where the object may
   * choose. Outputs are compared by value; `null` equals `undefined`.
   */
  step(
    state: State,
    operation: OperationCall<Op>,
  ): readonly Outcome<State>[];
  /**
   * Returns the part of the object that an operation is about, such as the key
   * of a map. Operations on different parts must not affect each other: each
   * part is checked by itself, which is much faster.
   *
   * @default One part.
   */
  partition?(operation: OperationCall<Op>): string;
  /**
   * Returns a text that is the same for equal states only.
   *
   * @default The state as JSON, with sorted keys; also for `Map`, `Set`, `Date`,
   * `bigint` and bytes.
   */
  stateKey?(state: State): string;
}
