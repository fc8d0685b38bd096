/** A class, whatever its constructor takes, abstract and private ones too. */
export interface SerializableClass<T = unknown> {
  /** What its instances inherit from. */
  readonly prototype: T;
  /** Its name, for messages. */
  readonly name: string;
}

/**
 * Carries values of one class as `{"__type__": [id, data]}`. Both sides of a
 * connection register the same serializers in the same order, from which
 * their ids come.
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
   * Makes the value anew from what `serialize` returned on the other side. The
   * other side is not to be trusted: check `data`, and throw if it is wrong.
   * The message that held it then fails with a `SerializationError`, and the
   * connection goes on.
   */
  deserialize(data: unknown): T;
}
