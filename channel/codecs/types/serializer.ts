/** A class with any constructor; it may be abstract or private. */
export interface SerializableClass<T = unknown> {
  /** The object that instances of the class inherit from. */
  readonly prototype: T;
  /** The name of the class in error messages. */
  readonly name: string;
}

/**
 * Carries values of one class as `{"__type__": [id, data]}`. Both sides of a
 * connection register the same serializers in the same order, which gives them
 * their ids.
 *
 * @typeParam T The class's instances.
 */
export interface Serializer<T = unknown> {
  /** The class. Instances of subclasses are sent as instances of this class. */
  readonly type: SerializableClass<T>;
  /**
   * Converts a value to data that the codec can carry, or that another
   * serializer can convert to such data.
   */
  serialize(value: T): unknown;
  /**
   * Creates a value from the result of `serialize` on the other side. Do not
   * trust the other side: check `data`, and throw if it is wrong. The message
   * then fails with a `SerializationError`, and the connection stays open.
   */
  deserialize(data: unknown): T;
}
