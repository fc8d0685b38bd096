/**
 * A custom type that is recognized by looking at the value instead of by its
 * class, for values without a class of their own, such as functions and
 * `undefined`. The layers above the channel use it; users register a
 * `Serializer`.
 *
 * A `context` is the only way in which state of a message reaches a type: the
 * layer that sends passes its own with the content, and the channel passes an
 * `ArrivalContext` with content that has arrived.
 */
export interface TypeEntry {
  /**
   * Returns whether `value` is of this type. Called for what is no plain data:
   * functions, objects whose class has no serializer, plain objects that are
   * async iterable, bigints, numbers that the codec does not carry, and
   * `undefined` except as a property. `context` is what the layer above passed
   * with the message. Must not throw.
   */
  matches(value: unknown, context: unknown): boolean;
  /** Turns a value that matched into data that the codec can carry. */
  pack(value: unknown, context: unknown): unknown;
  /**
   * Makes a value from the data of the other side. `context` is the
   * `ArrivalContext` of the message.
   */
  unpack(data: unknown, context: unknown): unknown;
}
