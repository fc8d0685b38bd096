/**
 * A custom type that is told by looking at the value instead of by its class,
 * for what has no class of its own, such as functions. The layers above use
 * it; users register a `Serializer`.
 */
export interface TypeEntry {
  /**
   * Whether `value` is of this type. Asked for functions, and for objects
   * whose class has no serializer; never for plain objects and arrays. Must
   * not throw.
   */
  matches(value: object): boolean;
  /**
   * Turns a value that matched into data that the codec can carry. `context`
   * is what the layer above passed along with the message.
   */
  pack(value: object, context: unknown): unknown;
  /**
   * Makes a value anew from the data of the other side. `context` is what the
   * channel knows of the message, an `ArrivalContext`.
   */
  unpack(data: unknown, context: unknown): unknown;
}

/** A custom type with its id on the wire, as the walks use it. */
export interface TypeRecord {
  /** Its position in the list of types, from 0. */
  readonly id: number;
  /** Turns a value into data, or throws. */
  readonly pack: (value: object, context: unknown) => unknown;
  /** Makes a value from data, or throws. */
  readonly unpack: (data: unknown, context: unknown) => unknown;
}
