import type { SerializableClass, Serializer } from "./serializer.ts";

/** The serializers of marked classes. */
const serializers = new WeakMap<object, Serializer>();

/**
 * Marks a class whose instances can be sent. Without options, the class's own
 * `toData()` and static `fromData(data)` are used. Both sides list the
 * serializer that {@linkcode serializerOf} returns under `serializers`, in the
 * same order. A subclass needs its own mark. Without it, its instances arrive
 * as instances of the marked class.
 *
 * @throws {TypeError} At class definition, if no options are given and the
 * class has no `toData` or no static `fromData`.
 *
 * @example A class with its own methods
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { serializable, serializerOf } from "@denomas/denomas/channel";
 *
 * @serializable
 * class Point {
 *   constructor(readonly x: number, readonly y: number) {}
 *   toData() {
 *     return [this.x, this.y];
 *   }
 *   static fromData([x, y]: [number, number]) {
 *     return new Point(x, y);
 *   }
 * }
 *
 * const { serialize, deserialize } = serializerOf(Point);
 * assertEquals(serialize(new Point(1, 2)), [1, 2]);
 * assertEquals(deserialize([1, 2]), new Point(1, 2));
 * ```
 *
 * @example Functions beside the class
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { serializable, serializerOf } from "@denomas/denomas/channel";
 *
 * @serializable({
 *   serialize: (money) => money.cents,
 *   deserialize: (cents) => new Money(Number(cents)),
 * })
 * class Money {
 *   constructor(readonly cents: number) {}
 * }
 *
 * assertEquals(serializerOf(Money).serialize(new Money(5)), 5);
 * ```
 */
export function serializable<T extends { toData(): unknown }>(
  target: SerializableClass<T> & {
    /** Creates an instance from the result of `toData` on the other side. */
    fromData(data: never): T;
  },
  context: { readonly kind: "class" },
): void;
/** Marks a class and sets the functions of its serializer. */
export function serializable<T>(
  options: Omit<Serializer<T>, "type">,
): (target: SerializableClass<T>, context: { readonly kind: "class" }) => void;
export function serializable(
  first: SerializableClass | Omit<Serializer, "type">,
): unknown {
  if (typeof first === "function") return markWithMethods(first);
  const { serialize, deserialize } = first as Serializer;
  return (type: SerializableClass): void => {
    serializers.set(type, { type, serialize, deserialize });
  };
}

/**
 * Returns the serializer of a class that is marked with
 * {@linkcode serializable}.
 * @throws {TypeError} If the class itself is not marked.
 */
export function serializerOf<T>(type: SerializableClass<T>): Serializer<T> {
  const serializer = serializers.get(type);
  if (serializer === undefined) {
    throw new TypeError(
      `Cannot serialize the class '${type.name}': it is not marked, and needs '@serializable'`,
    );
  }
  return serializer as Serializer<T>;
}

function markWithMethods(type: SerializableClass): void {
  const { prototype, fromData } = type as {
    prototype?: { toData?: () => unknown };
    fromData?: (data: unknown) => unknown;
  };
  if (
    typeof prototype?.toData !== "function" || typeof fromData !== "function"
  ) {
    throw new TypeError(
      `Cannot mark the class '${type.name}' as serializable: it has no 'toData()' or no static 'fromData(data)'; add both, or the options 'serialize' and 'deserialize'`,
    );
  }
  serializers.set(type, {
    type,
    serialize: (value) => (value as { toData(): unknown }).toData(),
    deserialize: (data) => fromData.call(type, data),
  });
}
