/**
 * A custom type that is recognized by inspecting the value instead of its
 * class, for values without their own class, such as functions and `undefined`.
 * For the layers above the channel. Users register a `Serializer`.
 *
 * A `context` is the only way to pass the state of a message to a type. The
 * sending layer passes its own context with the content. The channel passes an
 * `ArrivalContext` with content that has arrived.
 */
export interface TypeEntry {
  /**
   * Returns whether `value` is of this type. Called for values that are not
   * plain data: functions, objects whose class has no serializer, plain objects
   * that are async iterable, bigints, numbers that the codec does not carry,
   * and `undefined` except as a property. `context` comes from the layer above,
   * with the message. Must not throw.
   */
  matches(value: unknown, context: unknown): boolean;
  /**
   * Returns what an object is that no type matches and what to do instead of
   * sending it, or `null` if this type does not know it.
   */
  hintFor?(value: object): string | null;
  /** Converts a value that matched to data that the codec can carry. */
  pack(value: unknown, context: unknown): unknown;
  /**
   * Creates a value from the data of the other side. `context` is the
   * `ArrivalContext` of the message.
   */
  unpack(data: unknown, context: unknown): unknown;
}
