/**
 * A custom type that is recognized by looking at the value instead of by its
 * class, for values without a class of their own, such as functions. The layers
 * above the channel use it; users register a `Serializer`.
 *
 * A `context` is the only way in which state of a message reaches a type: the
 * layer that sends passes its own with the content, and the channel passes an
 * `ArrivalContext` with content that has arrived.
 */
export interface TypeEntry {
  /**
   * Returns whether `value` is of this type. Called for functions, and for
   * objects whose class has no serializer; never for plain objects and arrays.
   * Must not throw.
   */
  matches(value: object): boolean;
  /**
   * Turns a value that matched into data that the codec can carry. `context`
   * is what the layer above passed with the message.
   */
  pack(value: object, context: unknown): unknown;
  /**
   * Makes a value from the data of the other side. `context` is the
   * `ArrivalContext` of the message.
   */
  unpack(data: unknown, context: unknown): unknown;
}
