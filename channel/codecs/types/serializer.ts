/** A class with any constructor; it may be abstract or private. */
export interface SerializableClass<T = unknown> {
  /** The object that its instances inherit from. */
  readonly prototype: T;
  /** The name that messages show. */
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
  /** The class. Instances of its subclasses are sent as it, too. */
  readonly type: SerializableClass<T>;
  /**
   * Turns a value into data that the codec can carry, or that another
   * serializer can turn into such data.
   */
  serialize(value: T): unknown;
  /**
   * Makes a value from the result of `serialize` on the other side. Do not
   * trust the other side: check `data`, and throw if it is wrong. The message
   * with it then fails with a `SerializationError`, and the connection goes on.
   */
  deserialize(data: unknown): T;
}
