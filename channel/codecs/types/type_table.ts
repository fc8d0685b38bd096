import type { CodecCapabilities } from "../codec.ts";
import { Fault } from "./_fault.ts";
import { isPlain, packValue, type PackWalk } from "./_pack.ts";
import { unpackValue, type UnpackWalk } from "./_unpack.ts";
import type { Serializer } from "./serializer.ts";
import type { TypeEntry } from "./type_entry.ts";

/** The default of the deepest nesting of lists and maps. */
export const DEFAULT_MAX_DEPTH: number = 512;

/** The highest value of `maxDepth`. */
export const HIGHEST_MAX_DEPTH: number = 1_000;

/** The default of the most keys of one map. */
export const DEFAULT_MAX_KEYS: number = 262_144;

/** Options for {@linkcode TypeTable}. */
export interface TypeTableOptions {
  /**
   * The deepest nesting of lists and maps on the wire, where a value of a
   * custom type counts as two levels. At most 1,000: a walk of a few thousand
   * levels fits the stack of a thread, and Python's `json` gives up near 1,000;
   * the default is well below both.
   *
   * @default {512}
   */
  readonly maxDepth?: number;
  /**
   * The most keys of one map. Maps cost memory and time far beyond their bytes
   * on the wire; a larger table is better sent as a list.
   *
   * @default {262_144}
   */
  readonly maxKeys?: number;
}

/**
 * Converts between a user's values and the plain data that a codec sees: custom
 * types, `undefined`, values that cannot be carried, and limits. It serves all
 * codecs and both directions of one connection.
 */
export class TypeTable {
  readonly #given: readonly (Serializer | TypeEntry)[];
  readonly #types: readonly TypeEntry[];
  /** The id of the type of each class that has a serializer. */
  readonly #ids = new Map<object, number>();
  readonly #unpacking: UnpackWalk;
  /** Made once for the one codec that a connection has. */
  #packing: PackWalk | null = null;
  #carries: CodecCapabilities | null = null;

  /**
   * Makes the table. The id of a type is its position in `types`.
   *
   * @throws {TypeError} If a class is listed twice, or an entry is no
   * serializer.
   * @throws {RangeError} If a limit is out of range.
   */
  constructor(
    types: readonly (Serializer | TypeEntry)[],
    options: TypeTableOptions = {},
  ) {
    const { maxDepth = DEFAULT_MAX_DEPTH, maxKeys = DEFAULT_MAX_KEYS } =
      options;
    checkLimit("maxDepth", maxDepth, HIGHEST_MAX_DEPTH);
    checkLimit("maxKeys", maxKeys, Number.MAX_SAFE_INTEGER);
    this.#given = types;
    this.#types = types.map((type, id) =>
      "matches" in type ? type : this.#entryOf(type, id)
    );
    this.#unpacking = {
      types: this.#types,
      maxDepth,
      maxKeys,
      maxWeight: Infinity,
      weight: 0,
      context: undefined,
    };
  }

  /** Returns a table with the same limits and more types at its end. */
  with(types: readonly TypeEntry[]): TypeTable {
    return new TypeTable([...this.#given, ...types], this.#unpacking);
  }

  /**
   * Turns `value` into plain data for a codec. The value itself is left as it
   * is, and returned if nothing needs to change.
   *
   * - Plain objects and arrays are walked; properties that are not enumerable
   *   or have a symbol as key are not sent. An instance of another class needs
   *   a serializer for it or for an ancestor, of which the nearest is taken.
   * - `undefined`, and a hole, becomes `null` in a list and by itself; as a
   *   property it is left out. `-0` arrives as `0`.
   * - What `carries` does not name is refused, as are functions, symbols, the
   *   key `__type__`, a callable `then`, `toJSON` and the like, too many keys,
   *   and what is nested too deep or circular.
   *
   * @param context Passed to the `pack` of each {@linkcode TypeEntry}.
   * @throws {SerializationError} If something cannot be sent; `path` leads to
   * it, and the message says what to do.
   */
  pack(value: unknown, carries: CodecCapabilities, context?: unknown): unknown {
    try {
      const walk = this.#packingFor(carries);
      if (isPlain(walk, value)) return value;
      return packValue({ ...walk, context }, value, 0) ?? null;
    } catch (error) {
      throw error instanceof Fault ? error.toError("send") : error;
    }
  }

  /**
   * Turns decoded data into the values that a user sees. Lists and maps are
   * changed in place.
   *
   * - `{"__type__": [id, data]}` becomes the value that the serializer makes,
   *   innermost first.
   * - A `bigint` in the range of safe integers becomes a number.
   * - A function under a name that the language calls by itself, such as
   *   `then` and `toJSON`, is refused, as is a revived value with a callable
   *   `then`: awaiting or printing data must not run what a peer chose.
   *
   * @param context Passed to the `unpack` of each {@linkcode TypeEntry}.
   * @param maxWeight The most memory that a value with custom types may take,
   * in bytes.
   * @throws {SerializationError} If a value cannot be revived: the message is
   * bad, the connection is not.
   * @throws {ProtocolError} If the data is nested too deep, a map has too many
   * keys, or custom types would take too much memory.
   */
  unpack(
    value: unknown,
    context?: unknown,
    maxWeight: number = Infinity,
  ): unknown {
    const walk = this.#unpacking;
    walk.weight = 0;
    walk.context = context;
    walk.maxWeight = maxWeight;
    try {
      return unpackValue(walk, value, 0);
    } catch (error) {
      throw error instanceof Fault ? error.toError("revive") : error;
    }
  }

  /**
   * The approximate memory that the value of the last `unpack` takes, in bytes:
   * the data of custom types, and the values that they became.
   */
  get unpackedWeight(): number {
    return this.#unpacking.weight;
  }

  #packingFor(carries: CodecCapabilities): PackWalk {
    if (this.#packing === null || this.#carries !== carries) {
      const { maxDepth, maxKeys } = this.#unpacking;
      const types = this.#types;
      const find = (value: object) => this.#find(value);
      const context = undefined;
      this.#packing = { ...carries, maxDepth, maxKeys, types, find, context };
      this.#carries = carries;
    }
    return this.#packing;
  }

  #find(value: object): number | undefined {
    const id = this.#findByClass(value) ??
      this.#types.findIndex((type) => type.matches(value));
    return id === -1 ? undefined : id;
  }

  #findByClass(value: object): number | undefined {
    if (this.#ids.size === 0 || typeof value === "function") return undefined;
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
    if (this.#ids.has(prototype)) {
      throw new TypeError(
        `Cannot register serializer ${id}: the class '${serializer.type.name}' already has one, and needs only one`,
      );
    }
    this.#ids.set(prototype, id);
    return {
      matches: () => false, // found by its class
      pack: (value) => serializer.serialize(value),
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

function checkLimit(name: string, value: number, highest: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= highest) return;
  throw new RangeError(
    `Cannot limit '${name}' to '${value}': it must be an integer from 1 to ${highest}`,
  );
}
