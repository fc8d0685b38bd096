import { Fault } from "./_fault.ts";
import { isPlain, type PackContext, packValue } from "./_pack.ts";
import { isRevived, type UnpackContext, unpackValue } from "./_unpack.ts";
import type { CodecCapabilities } from "../codec.ts";
import type { Serializer } from "./serializer.ts";
import type { TypeEntry, TypeRecord } from "./type_entry.ts";

/** The deepest nesting of lists and maps, where nothing else is asked for. */
export const DEFAULT_MAX_DEPTH: number = 512;

/** The deepest nesting that can be asked for. */
export const HIGHEST_MAX_DEPTH: number = 1_000;

/** The most keys of one map, where nothing else is asked for. */
export const DEFAULT_MAX_KEYS: number = 262_144;

/** Options for {@linkcode TypeTable}. */
export interface TypeTableOptions {
  /**
   * How deep lists and maps may be nested, as they are on the wire: a value of
   * a custom type counts as two levels. At most 1,000: a walk of a few
   * thousand levels fits the stack of a thread, and Python's `json` gives up
   * near 1,000; the default keeps well below both.
   *
   * @default {512}
   */
  readonly maxDepth?: number;
  /**
   * How many keys one map may have. Maps cost memory and time far beyond their
   * bytes on the wire; more than this is a table, and better sent as a list.
   *
   * @default {262_144}
   */
  readonly maxKeys?: number;
}

/**
 * Everything between a user's values and the plain data that a codec sees:
 * custom types, `undefined`, values that cannot be carried, and limits. It
 * serves all codecs and both directions of one connection, and holds no state
 * but the list of types and a count.
 */
export class TypeTable {
  readonly #types: readonly (Serializer | TypeEntry)[];
  readonly #records: TypeRecord[] = [];
  readonly #byPrototype = new Map<object, TypeRecord>();
  readonly #matching: { entry: TypeEntry; record: TypeRecord }[] = [];
  readonly #unpacking: UnpackContext;
  #packing: PackContext & { readonly carries: CodecCapabilities } | null = null;
  readonly #find = (value: object): TypeRecord | undefined =>
    this.#findByClass(value) ??
      this.#matching.find(({ entry }) => entry.matches(value))?.record;

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
    this.#unpacking = {
      records: this.#records,
      maxDepth,
      maxKeys,
      maxWeight: Infinity,
      weight: 0,
      message: undefined,
    };
    this.#types = types;
    for (const type of types) this.#add(type);
  }

  /** Returns a table with the same limits that has more types at its end. */
  with(types: readonly TypeEntry[]): TypeTable {
    return new TypeTable([...this.#types, ...types], this.#unpacking);
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
   * @param context What the `pack` of each {@linkcode TypeEntry} is told.
   * @throws {SerializationError} If something cannot be sent; `path` leads to
   * it, and the message says what to do.
   */
  pack(value: unknown, carries: CodecCapabilities, context?: unknown): unknown {
    try {
      const walk = this.#packingFor(carries);
      // Most values are, and looking first saves 6 % of a typed call.
      if (isPlain(walk, value)) return value;
      const packed = packValue({ ...walk, message: context }, value, 0);
      return packed === undefined ? null : packed;
    } catch (error) {
      throw error instanceof Fault ? error.toError("send") : error;
    }
  }

  /**
   * Turns what a codec decoded into the values that a user sees. Lists and
   * maps are changed in place.
   *
   * - `{"__type__": [id, data]}` becomes the value that the serializer makes,
   *   innermost first.
   * - A `bigint` in the range of safe integers becomes a number.
   * - A function under a name that the language calls by itself, such as
   *   `then` and `toJSON`, is refused, as is a revived value with a callable
   *   `then`: to await or print data must not run what a peer chose.
   *
   * @param context What the `unpack` of each {@linkcode TypeEntry} is told.
   * @param maxWeight How many bytes of memory a value that holds custom types
   * may take.
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
    this.#unpacking.weight = 0;
    if (isRevived(this.#unpacking, value, 0)) return value;
    const walk = {
      ...this.#unpacking,
      maxWeight,
      weight: 0,
      message: context,
    };
    try {
      return unpackValue(walk, value, 0);
    } catch (error) {
      throw error instanceof Fault ? error.toError("revive") : error;
    } finally {
      this.#unpacking.weight = walk.weight;
    }
  }

  /**
   * About how many bytes of memory the value of the last `unpack` takes, both
   * as it was before custom types were revived and what they became.
   */
  get unpackedWeight(): number {
    return this.#unpacking.weight;
  }

  /** Made once for the one codec that a connection has. */
  #packingFor(carries: CodecCapabilities): PackContext {
    if (this.#packing?.carries !== carries) {
      const { maxDepth, maxKeys } = this.#unpacking;
      const find = this.#find;
      const message = undefined;
      this.#packing = { carries, ...carries, maxDepth, maxKeys, find, message };
    }
    return this.#packing;
  }

  #findByClass(value: object): TypeRecord | undefined {
    if (this.#byPrototype.size === 0 || typeof value === "function") {
      return undefined;
    }
    let prototype = Object.getPrototypeOf(value);
    while (prototype !== null) {
      const record = this.#byPrototype.get(prototype);
      if (record !== undefined) return record;
      prototype = Object.getPrototypeOf(prototype);
    }
    return undefined;
  }

  #add(type: Serializer | TypeEntry): void {
    const id = this.#records.length;
    if ("matches" in type) {
      const record: TypeRecord = {
        id,
        pack: (value, context) => type.pack(value, context),
        unpack: (data, context) => type.unpack(data, context),
      };
      this.#records.push(record);
      this.#matching.push({ entry: type, record });
      return;
    }
    const prototype = prototypeOf(type, id);
    if (this.#byPrototype.has(prototype)) {
      throw new TypeError(
        `Cannot register serializer ${id}: the class '${type.type.name}' already has one, and needs only one`,
      );
    }
    const record: TypeRecord = {
      id,
      pack: (value) => type.serialize(value),
      unpack: (data) => type.deserialize(data),
    };
    this.#records.push(record);
    this.#byPrototype.set(prototype, record);
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
