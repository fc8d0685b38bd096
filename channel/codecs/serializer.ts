/**
 * Carries values of one class as `{"__type__": [id, data]}`. Both sides of a
 * connection register the same serializers in the same order, from which
 * their ids come.
 *
 * @typeParam T The class's instances.
 */
export interface Serializer<T = unknown> {
  /** The class. Instances of its subclasses are sent as it, too. */
  // deno-lint-ignore no-explicit-any -- a class with whatever constructor
  readonly type: abstract new (...args: any[]) => T;
  /** Turns a value into data that the codec can carry. */
  serialize(value: T): unknown;
  /** Makes the value anew from what `serialize` returned on the other side. */
  deserialize(data: unknown): T;
}
