import type { CodecCapabilities } from "../codec.ts";
import { Fault } from "./_fault.ts";
import { isPlain, packItem } from "./_pack.ts";
import { unpackValue } from "./_unpack.ts";
import type { Walk } from "./_walk.ts";
import type { Serializer } from "./serializer.ts";
import type { TypeEntry } from "./type_entry.ts";

const CARRIED_BY_JSON: CodecCapabilities = {
  binary: false,
  bigint: false,
  nonFinite: false,
  loneSurrogates: true,
};

/**
 * Converts between a user's values and the plain data that a codec sees.
 * Handles custom types, `undefined`, values that cannot be carried, and limits.
 * Serves both directions of one connection.
 */
export class TypeTable implements Walk {
  readonly types: readonly TypeEntry[];
  readonly maxDepth: number;
  readonly maxKeys: number;
  readonly carries: CodecCapabilities;
  context: unknown = undefined;
  maxWeight: number = Infinity;
  weight: number = 0;
  readonly #given: readonly (Serializer | TypeEntry)[];
  /** The id of the type of each class that has a serializer. */
  #ids: Map<object, number> | null = null;

  /**
   * Creates the table. The id of a type is its position in `types`. Without
   * `options`, the table has the default limits and carries what JSON carries.
   *
   * @throws {TypeError} If a class is listed twice, or an entry is not a
   * serializer.
   */
  constructor(
    types: readonly (Serializer | TypeEntry)[],
    options: Partial<Pick<Walk, "carries" | "maxDepth" | "maxKeys">> = {},
  ) {
    const { carries = CARRIED_BY_JSON, maxDepth = 512, maxKeys = 262_144 } =
      options;
    this.#given = types;
    this.types = types.map((type, id) =>
      "matches" in type ? type : this.#entryOf(type, id)
    );
    this.carries = carries;
    this.maxDepth = maxDepth;
    this.maxKeys = maxKeys;
  }

  /** Returns a table with the same limits and more types at its end. */
  with(types: readonly TypeEntry[]): TypeTable {
    return new TypeTable([...this.#given, ...types], this);
  }

  /**
   * Converts `value` to plain data for a codec. Does not change `value`, and
   * returns it if it already is plain data.
   *
   * - Walks plain objects and arrays. Properties that are not enumerable or
   *   have a symbol as key are not sent. An instance of another class needs a
   *   serializer for its class or for an ancestor. The nearest is used.
   * - `undefined`, or a hole, becomes `null` in a list and by itself, unless a
   *   type matches it. As a property it is left out. `-0` arrives as `0`.
   * - Refuses values that the codec does not carry, functions, symbols, the key
   *   `__type__`, callables named `then`, `toJSON` and the like, too many keys,
   *   and data that is nested too deep or circular.
   *
   * @param context Passed to the `pack` of each {@linkcode TypeEntry}.
   * @throws {SerializationError} If something cannot be sent. `path` leads to
   * it, and the message gives the remedy.
   */
  pack(value: unknown, context?: unknown): unknown {
    // A getter or a serializer may use the same table for another value.
    const outer = this.context;
    this.context = context;
    try {
      return isPlain(this, value) ? value : packItem(this, value, 0);
    } catch (error) {
      throw error instanceof Fault ? error.toError("send") : error;
    } finally {
      this.context = outer;
    }
  }

  /**
   * Converts decoded data to the values that a user sees. Changes lists and
   * maps in place.
   *
   * - `{"__type__": [id, data]}` becomes the value that the serializer makes,
   *   innermost first.
   * - A `bigint` in the range of safe integers becomes a number.
   * - Refuses a function under a name that the language calls by itself, such
   *   as `then` and `toJSON`, and a revived value with a callable `then`:
   *   awaiting or printing data must not run code that a peer chose.
   *
   * @param context Passed to the `unpack` of each {@linkcode TypeEntry}.
   * @param maxWeight The most memory that a value with custom types may take,
   * in bytes.
   * @throws {SerializationError} If a value cannot be revived. Only the message
   * fails; the connection stays open.
   * @throws {ProtocolError} If the data is nested too deep, a map has too many
   * keys, or custom types would take too much memory.
   */
  unpack(
    value: unknown,
    context?: unknown,
    maxWeight: number = Infinity,
  ): unknown {
    const outer = this.context;
    this.context = context;
    this.maxWeight = maxWeight;
    this.weight = 0;
    try {
      return unpackValue(this, value, 0);
    } catch (error) {
      throw error instanceof Fault ? error.toError("revive") : error;
    } finally {
      this.context = outer;
    }
  }

  find(value: unknown): number | undefined {
    const id = this.#findByClass(value) ??
      this.types.findIndex((type) => type.matches(value, this.context));
    return id === -1 ? undefined : id;
  }

  #findByClass(value: unknown): number | undefined {
    if (this.#ids === null || typeof value !== "object") return undefined;
    let prototype = Object.getPrototypeOf(value);
    while (prototype !== null) {
      const id = this.#ids.get(prototype);
      if (id !== undefined) return id;
      prototype = Object.getPrototypeOf(prototype);
    }
    return undefined;
  }

  #entryOf(serializer: Serializer, id: number): TypeEntry {
    const prototype = prototypeOf(serializer, id);
    const ids = this.#ids ??= new Map();
    if (ids.has(prototype)) {
      throw new TypeError(
        `Cannot register serializer ${id}: the class '${serializer.type.name}' already has one, and needs only one`,
      );
    }
    ids.set(prototype, id);
    return {
      matches: () => false, // found by its class
      pack: (value) => serializer.serialize(value as object),
      unpack: (data) => serializer.deserialize(data),
    };
  }
}

function prototypeOf(serializer: Serializer, id: number): object {
  const { type, serialize, deserialize } = serializer;
  if (
    typeof type !== "function" || typeof type.prototype !== "object" ||
    typeof serialize !== "function" || typeof deserialize !== "function"
  ) {
    throw new TypeError(
      `Cannot register serializer ${id}: it must have a class as 'type', and the functions 'serialize' and 'deserialize'`,
    );
  }
  return type.prototype;
}
