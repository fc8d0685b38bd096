import type { SerializableClass, Serializer } from "./serializer.ts";

/** How a class's instances become data and come back. */
export interface SerializableOptions<T> {
  /** Turns a value into data that the codec can carry. */
  serialize(value: T): unknown;
  /** Makes the value anew. `data` came from the other side: check it. */
  deserialize(data: unknown): T;
}

/** A class that says itself how its instances become data and come back. */
export interface DataClass<T extends { toData(): unknown }>
  extends SerializableClass<T> {
  /** Makes an instance from what `toData` gave on the other side. */
  fromData(data: never): T;
}

/** Where the decorator leaves what it was told, as the class's own property. */
const OPTIONS: unique symbol = Symbol("denomas.serializable");

/**
 * Marks a class as one whose instances can be sent. Bare, it uses the class's
 * own `toData()` and static `fromData(data)`. {@linkcode serializerOf} makes
 * the serializer that both sides then list, in the same order, under
 * `serializers`. A subclass needs a mark of its own; without one its instances
 * arrive as instances of the marked class.
 *
 * @throws {TypeError} At class definition, if the bare form finds no `toData`
 * or no static `fromData`.
 *
 * @example A class that knows its data
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
 * @example Told from outside
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
  target: DataClass<T>,
  context: { readonly kind: "class" },
): void;
/** Marks a class, with what turns its instances into data and back. */
export function serializable<T>(
  options: SerializableOptions<T>,
): (target: SerializableClass<T>, context: { readonly kind: "class" }) => void;
export function serializable<T extends { toData(): unknown }>(
  first: DataClass<T> | SerializableOptions<T>,
): unknown {
  if (isClass(first)) return mark(first, ownOptions(first));
  return (target: SerializableClass<T>): void => mark(target, first);
}

/**
 * Returns the serializer of a class that is marked with
 * {@linkcode serializable}.
 *
 * @throws {TypeError} If the class itself is not marked.
 */
export function serializerOf<T>(type: SerializableClass<T>): Serializer<T> {
  if (!Object.hasOwn(type, OPTIONS)) {
    throw new TypeError(
      `Cannot serialize the class '${type.name}': it is not marked, and needs '@serializable'`,
    );
  }
  const options = (type as unknown as Marked<T>)[OPTIONS];
  return {
    type,
    serialize: (value) => options.serialize(value),
    deserialize: (data) => options.deserialize(data),
  };
}

function isClass<T extends { toData(): unknown }>(
  first: DataClass<T> | SerializableOptions<T>,
): first is DataClass<T> {
  return typeof first === "function";
}

interface Marked<T> {
  readonly [OPTIONS]: SerializableOptions<T>;
}

function mark<T>(
  target: SerializableClass<T>,
  options: SerializableOptions<T>,
): void {
  Object.defineProperty(target, OPTIONS, { value: options });
}

function ownOptions<T extends { toData(): unknown }>(
  type: DataClass<T>,
): SerializableOptions<T> {
  if (
    typeof type.prototype.toData !== "function" ||
    typeof type.fromData !== "function"
  ) {
    throw new TypeError(
      `Cannot mark the class '${type.name}' as serializable: it has no 'toData()' or no static 'fromData(data)', and needs both or the options 'serialize' and 'deserialize'`,
    );
  }
  return {
    serialize: (value) => value.toData(),
    deserialize: (data) => type.fromData(data as never),
  };
}
