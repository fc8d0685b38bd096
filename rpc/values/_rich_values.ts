import { printable, printableLines } from "../../transports/printable.ts";
import { collide } from "./_colliding_keys.ts";

/** Options for encoding, which depend on both sides of a connection. */
export interface RichValueOptions {
  /** Whether the codec can encode a `Uint8Array`. */
  readonly binary: boolean;
  /** Whether errors are sent with their stacks. */
  readonly stacks: boolean;
}

/** The encoded form of a value that codecs cannot encode themselves. */
export type RichValue = readonly [kind: string, data: unknown];

/**
 * Encodes and decodes the values of one class. Parts of the data may themselves
 * need encoding.
 */
interface Kind<T> {
  readonly name: string;
  readonly type: abstract new (...args: never) => T;
  pack(value: T, options: RichValueOptions): unknown;
  /** Throws if the data is malformed. */
  unpack(data: unknown): T;
}

const date: Kind<Date> = {
  name: "Date",
  type: Date,
  // Not every codec can encode `NaN`, the time of an invalid date.
  pack: (date) => Number.isNaN(date.getTime()) ? null : date.getTime(),
  unpack: (data) => new Date(data === null ? NaN : expect(data, "number")),
};

const map: Kind<Map<unknown, unknown>> = {
  name: "Map",
  type: Map,
  pack: (map) => [...map],
  unpack(data) {
    const pairs = expectList(data).map(expectPair);
    checkKeys(pairs.map(([key]) => key));
    return new Map(pairs);
  },
};

const set: Kind<Set<unknown>> = {
  name: "Set",
  type: Set,
  pack: (set) => [...set],
  unpack(data) {
    checkKeys(expectList(data));
    return new Set(expectList(data));
  },
};

const url: Kind<URL> = {
  name: "URL",
  type: URL,
  pack: (url) => url.href,
  unpack: (data) => new URL(expect(data, "string")),
};

const regExp: Kind<RegExp> = {
  name: "RegExp",
  type: RegExp,
  pack: ({ source, flags }) => [source, flags],
  unpack(data) {
    const [source, flags] = expectPair(data);
    return new RegExp(expect(source, "string"), expect(flags, "string"));
  },
};

const arrayBuffer: Kind<ArrayBuffer> = {
  name: "ArrayBuffer",
  type: ArrayBuffer,
  pack: (buffer, { binary }) => packBytes(new Uint8Array(buffer), binary),
  unpack: unpackBuffer,
};

type ViewType = new (buffer: ArrayBuffer) => ArrayBufferView;

/**
 * The classes of views. Their bytes are sent in the machine's order, which is
 * little-endian.
 */
const viewTypes: readonly ViewType[] = [
  DataView,
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

const views = viewTypes.map((type): Kind<ArrayBufferView> => ({
  name: type.name,
  type,
  pack: ({ buffer, byteOffset, byteLength }, { binary }) =>
    packBytes(new Uint8Array(buffer, byteOffset, byteLength), binary),
  unpack: (data) => new type(unpackBuffer(data)),
}));

const kinds = [date, map, set, url, regExp, arrayBuffer, ...views] as Kind<
  object
>[];

/** Instances of subclasses do not match, because their class would be lost. */
const byPrototype = new Map<unknown, Kind<object>>(
  kinds.map((kind) => [kind.type.prototype, kind]),
);

const byName = new Map<unknown, Kind<object>>(
  kinds.map((kind) => [kind.name, kind]),
);

/**
 * Returns whether a value that is not plain data has an encoded form here.
 * Bytes do not need one if the codec can encode them.
 */
export function isRich(value: unknown, binary: boolean): boolean {
  if (typeof value !== "object" || value === null) {
    return typeof value !== "function" && typeof value !== "symbol";
  }
  if (binary && value instanceof Uint8Array) return false;
  return value instanceof Error ||
    byPrototype.has(Object.getPrototypeOf(value));
}

/**
 * Returns the encoded form of a value that codecs cannot encode themselves, or
 * `null` for any other value. Parts of the data may themselves need encoding.
 */
export function packRich(
  value: unknown,
  options: RichValueOptions,
): RichValue | null {
  switch (typeof value) {
    case "undefined":
      return ["undefined", null];
    case "bigint":
      return ["bigint", value.toString(16)];
    case "number":
      return ["number", String(value)];
    case "object": {
      if (value === null) return null;
      if (value instanceof Error) return ["Error", packError(value, options)];
      const kind = byPrototype.get(Object.getPrototypeOf(value));
      return kind === undefined ? null : [kind.name, kind.pack(value, options)];
    }
    default:
      return null;
  }
}

/**
 * Decodes a value that a peer has encoded with {@linkcode packRich}.
 *
 * @throws {TypeError} If the data is malformed.
 */
export function unpackRich(value: unknown): unknown {
  const [name, data] = expectPair(value);
  switch (name) {
    case "undefined":
      return undefined;
    case "bigint":
      return unpackBigint(expect(data, "string"));
    case "number":
      return Number(expect(data, "string"));
    case "Error":
      return unpackError(data);
    default: {
      const kind = byName.get(name);
      if (kind === undefined) {
        throw new TypeError("a value has an unknown kind");
      }
      return kind.unpack(data);
    }
  }
}

// Hexadecimal, because parsing decimal digits takes quadratic time.
function unpackBigint(text: string): bigint {
  if (!/^-?[0-9a-f]+$/.test(text)) {
    throw new TypeError("a bigint has no digits");
  }
  return text.startsWith("-")
    ? -BigInt(`0x${text.slice(1)}`)
    : BigInt(`0x${text}`);
}

/** The errors that arrive as instances of their own class. */
const ERRORS = new Map<unknown, ErrorConstructor>(
  [EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError]
    .map((type) => [type.name, type]),
);

function packError(error: Error, { stacks }: RichValueOptions): unknown {
  const { name, message, stack, cause } = error;
  const { code, data } = error as { code?: unknown; data?: unknown };
  return {
    name: String(name),
    message: String(message),
    ...(stacks && typeof stack === "string" && { stack }),
    ...(cause !== undefined && { cause }),
    ...(error instanceof AggregateError && { errors: [...error.errors] }),
    ...(code !== undefined && { code }),
    ...(data !== undefined && { data }),
  };
}

/**
 * Decodes an error. Control characters are escaped, as in the texts of a
 * `RemoteError`.
 */
function unpackError(packed: unknown): Error {
  if (typeof packed !== "object" || packed === null) throw wrongForm();
  const fields = packed as Readonly<Record<string, unknown>>;
  const name = printable(expect(fields.name, "string"));
  const message = printableLines(expect(fields.message, "string"));
  const options = Object.hasOwn(fields, "cause") ? { cause: fields.cause } : {};
  const error = fields.errors !== undefined
    ? new AggregateError(expectList(fields.errors), message, options)
    : new (ERRORS.get(name) ?? Error)(message, options);
  if (error.name !== name) define(error, "name", name);
  // Without a stack from the other side, a stack of this side would mislead.
  const stack = fields.stack === undefined
    ? `${name}: ${message}`
    : printableLines(expect(fields.stack, "string"));
  define(error, "stack", stack);
  if (fields.code !== undefined) define(error, "code", fields.code, true);
  if (fields.data !== undefined) define(error, "data", fields.data, true);
  return error;
}

function define(
  error: Error,
  key: string,
  value: unknown,
  enumerable = false,
): void {
  const descriptor = { value, enumerable, writable: true, configurable: true };
  Object.defineProperty(error, key, descriptor);
}

function packBytes(bytes: Uint8Array, isCarried: boolean): unknown {
  // A copy as a plain `Uint8Array`, the only class of view that codecs can
  // encode.
  if (isCarried) return new Uint8Array(bytes);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8_192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8_192));
  }
  return btoa(text);
}

/** Returns a new buffer that contains only the bytes. */
function unpackBuffer(data: unknown): ArrayBuffer {
  if (data instanceof Uint8Array) return data.slice().buffer;
  const text = atob(expect(data, "string"));
  return Uint8Array.from(text, (unit) => unit.charCodeAt(0)).buffer;
}

function checkKeys(keys: readonly unknown[]): void {
  if (collide(keys)) {
    throw new TypeError("the numbers in a map or set are chosen to be slow");
  }
}

type Named = { string: string; number: number };

function expect<K extends keyof Named>(value: unknown, type: K): Named[K] {
  const isNamed = type === "string"
    ? typeof value === "string"
    : typeof value === "number";
  if (isNamed) return value as Named[K];
  throw wrongForm();
}

function expectList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrongForm();
}

function expectPair(value: unknown): readonly [unknown, unknown] {
  if (Array.isArray(value) && value.length === 2) return value as never;
  throw wrongForm();
}

function wrongForm(): TypeError {
  return new TypeError("a value does not have the form of its kind");
}
