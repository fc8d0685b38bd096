import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { ProtocolError } from "../../../transports/errors.ts";
import { printable } from "../../../transports/printable.ts";
import { SerializationError } from "../../errors.ts";
import { CALLED_NAMES } from "../fixtures/called_names.ts";
import { withProtoAccessor } from "../fixtures/proto_accessor.ts";
import { json } from "../json/json.ts";
import { msgpack } from "../msgpack/msgpack.ts";
import type { Serializer } from "./serializer.ts";
import type { TypeEntry } from "./type_entry.ts";
import { TypeTable } from "./type_table.ts";

class Point {
  constructor(readonly x: unknown, readonly y: unknown) {}
}
class Point3 extends Point {}
class Other {}

const POINT: Serializer<Point> = {
  type: Point,
  serialize: ({ x, y }) => [x, y],
  deserialize: (data) => {
    const [x, y] = data as unknown[];
    return new Point(x, y);
  },
};
const DATE: Serializer<Date> = {
  type: Date,
  serialize: (date) => date.toISOString(),
  deserialize: (data) => new Date(String(data)),
};

const plain = new TypeTable([]);
const binary = new TypeTable([], { carries: msgpack().carries });
const typed = new TypeTable([POINT, DATE]);

function refusal(
  value: unknown,
  path: (string | number)[],
  says: string,
  { table = plain }: { table?: TypeTable } = {},
): SerializationError {
  const error = assertThrows(
    () => table.pack(value),
    SerializationError,
    says,
  );
  assertEquals(error.path, path);
  return error;
}

Deno.test("TypeTable.pack returns data that is plain already as it is", () => {
  const value = { a: [1, "x", null, true, { b: [[]] }], "é": {} };
  assertStrictEquals(plain.pack(value), value);
  assertStrictEquals(binary.pack(value), value);
  const odd = [NaN, -0, 2n, new Uint8Array(2)];
  assertStrictEquals(binary.pack(odd), odd);
});

Deno.test("TypeTable.pack leaves the value of the user as it is", () => {
  const value = { a: [1, undefined], b: { c: undefined, d: 1 } };
  plain.pack(value);
  assertEquals(value, { a: [1, undefined], b: { c: undefined, d: 1 } });
  assert("c" in value.b);
});

Deno.test("TypeTable.pack shares with its copy what did not change", () => {
  const same = { x: 1 };
  const packed = plain.pack([same, undefined]) as unknown[];
  assertStrictEquals(packed[0], same);
});

Deno.test("TypeTable.pack makes null of undefined, in a list and alone", () => {
  assertStrictEquals(plain.pack(undefined), null);
  assertEquals(plain.pack([1, undefined, 2]), [1, null, 2]);
});

Deno.test("TypeTable.pack makes null of a hole", () => {
  const list = [1, , 3, ,];
  assertEquals(plain.pack(list), [1, null, 3, null]);
});

Deno.test("TypeTable.pack leaves out properties that are undefined", () => {
  const packed = plain.pack({ a: 1, b: undefined, c: 2 });
  assertEquals(Object.keys(packed as object), ["a", "c"]);
});

Deno.test("TypeTable.pack takes an object without a prototype", () => {
  const map = Object.assign(Object.create(null), { a: [undefined] });
  assertEquals(plain.pack(map), { a: [null] });
});

Deno.test("TypeTable.pack passes over symbols as keys and hidden properties", () => {
  const value = { [Symbol("s")]: () => {}, a: 1 };
  Object.defineProperty(value, "hidden", { value: () => {} });
  assertStrictEquals(plain.pack(value), value);
});

Deno.test("TypeTable.pack keeps __proto__ as an own property of a copy", () => {
  withProtoAccessor(() => {
    const value = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}');
    value.changed = undefined;
    const copy = plain.pack(value) as Record<string, unknown>;
    assertEquals(Object.keys(copy), ["__proto__", "constructor"]);
    assertStrictEquals(Object.getPrototypeOf(copy), Object.prototype);
    assertStrictEquals(copy.x, undefined);
  });
});

Deno.test("TypeTable.pack names the path of a bad value", () => {
  const error = refusal(
    { a: [0, 1, { b: () => {} }] },
    ["a", 2, "b"],
    "Cannot send the value at $.a[2].b: found a function",
  );
  assertInstanceOf(error, SerializationError);
  refusal({ "a b": { "": Symbol() } }, ["a b", ""], '$["a b"][""]: found a');
  refusal(Symbol("root"), [], "at $: found a symbol");
});

for (
  const value of [
    new Date(0),
    new Map(),
    new Set(),
    new Error("x"),
    new URL("http://x/"),
    /x/,
    new ArrayBuffer(1),
    new Uint16Array(1),
    new DataView(new ArrayBuffer(1)),
    new String("x"),
    new (class Foo {})(),
    new (class List extends Array {})(),
  ]
) {
  const { name } = value.constructor;
  Deno.test(`TypeTable.pack refuses an instance of ${name} by name`, () => {
    for (const table of [plain, binary]) {
      refusal({ a: value }, ["a"], `register a serializer for '${name}'`, {
        table,
      });
    }
  });
}

Deno.test("TypeTable.pack refuses a promise, and says to await it", () => {
  refusal([Promise.resolve()], [0], "await it");
});

Deno.test("TypeTable.pack refuses an iterator, and says to send a list", () => {
  const numbers = (function* () {})();
  for (const value of [numbers, new Map().keys(), [].values()]) {
    refusal([value], [0], "found an iterator, which is no data; send a list");
  }
});

Deno.test("TypeTable.pack asks its types for what to do instead", () => {
  const type = {
    matches: () => false,
    hintFor: (it: object) => it instanceof Date ? "a day; send its name" : null,
    pack: () => {},
    unpack: () => {},
  };
  const table = new TypeTable([type]);
  refusal([new Date()], [0], "found a day; send its name", { table });
  refusal([new Map()], [0], "'Map'", { table });
});

Deno.test("TypeTable.pack refuses an AbortSignal, and names the option for it", () => {
  refusal({ a: AbortSignal.abort() }, ["a"], "the option 'signal'");
});

Deno.test("TypeTable.pack refuses an instance of a class without a name", () => {
  refusal([new (class {})()], [0], "unnamed class");
});

Deno.test("TypeTable.pack takes bytes where the codec carries them", () => {
  const bytes = new Uint8Array([1]);
  assertStrictEquals(binary.pack(bytes), bytes);
  class Buffer extends Uint8Array {}
  const buffer = new Buffer(2);
  assertStrictEquals(binary.pack(buffer), buffer);
  refusal({ a: bytes }, ["a"], "use the msgpack codec or send base64 text");
});

Deno.test("TypeTable.pack takes 64 bits of a bigint where it is carried", () => {
  for (const value of [2n ** 64n - 1n, -(2n ** 63n), 0n]) {
    assertStrictEquals(binary.pack(value), value);
  }
  for (const value of [2n ** 64n, -(2n ** 63n) - 1n]) {
    refusal([value], [0], "beyond 64 bits", { table: binary });
  }
  refusal([1n], [0], "use the msgpack codec");
});

Deno.test("TypeTable.pack refuses numbers that are not finite under JSON", () => {
  const python = new TypeTable([], {
    carries: json({ nonFinite: "python" }).carries,
  });
  for (const value of [NaN, Infinity, -Infinity]) {
    refusal({ a: [value] }, ["a", 0], `found ${value}, which JSON`);
    assertStrictEquals(python.pack(value), value);
  }
});

Deno.test("TypeTable.pack refuses half a surrogate pair under MsgPack", () => {
  const table = binary;
  refusal({ a: "x\ud800" }, ["a"], "half of a surrogate", { table });
  refusal({ "\udc00": 1 }, ["\udc00"], "found a key with half", { table });
  assertEquals(table.pack(["\ud83d\ude00"]), ["😀"]);
  assertEquals(plain.pack("\ud800"), "\ud800");
});

Deno.test("TypeTable.pack refuses the key __type__", () => {
  refusal({ a: { __type__: [0, 1] } }, ["a", "__type__"], "use another key");
  refusal({ __type__: undefined }, ["__type__"], "custom types");
});

Deno.test("TypeTable.pack refuses what is circular", () => {
  const value: unknown[] = [];
  value.push({ again: value });
  const error = assertThrows(
    () => plain.pack(value),
    SerializationError,
    "too deep or circular",
  );
  assertEquals(error.path.length, 512);
  assertEquals(error.path.slice(0, 3), [0, "again", 0]);
  assert(error.message.length < 400);
});

function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) {
    value = level % 2 === 0 ? [value] : { a: value };
  }
  return value;
}

Deno.test("TypeTable takes 512 levels and not one more", () => {
  assertStrictEquals(typeof plain.pack(nested(512)), "object");
  assertThrows(
    () => plain.pack(nested(513)),
    SerializationError,
  );
  assertStrictEquals(typeof plain.unpack(nested(512)), "object");
  assertThrows(() => plain.unpack(nested(513)), ProtocolError, "512 levels");
});

Deno.test("TypeTable takes another depth, up to 1,000", () => {
  const flat = new TypeTable([], { maxDepth: 1 });
  assertEquals(flat.pack([1]), [1]);
  assertThrows(() => flat.pack([[1]]), SerializationError);
  assertThrows(() => flat.unpack([[1]]), ProtocolError);
  for (const codec of [json(), msgpack()]) {
    const { carries } = codec;
    const deep = new TypeTable([], { maxDepth: 1_000, carries });
    const payload = codec.encode(deep.pack(nested(1_000)));
    const bytes = typeof payload === "string"
      ? new TextEncoder().encode(payload)
      : payload;
    assertEquals(
      JSON.stringify(deep.unpack(codec.decode(bytes))),
      JSON.stringify(nested(1_000)),
    );
  }
});

Deno.test("TypeTable limits the keys of one map, both ways", () => {
  const small = new TypeTable([], { maxKeys: 2 });
  assertEquals(small.unpack([{ a: 1, b: 2 }, { c: 3 }]), [
    { a: 1, b: 2 },
    { c: 3 },
  ]);
  assertThrows(
    () => small.unpack([{ a: 1, b: 2, c: 3 }]),
    ProtocolError,
    "3 keys",
  );
  refusal([{ a: 1, b: 2, c: 3 }], [0], "found 3 keys", { table: small });
});

Deno.test("TypeTable.pack tells of a getter that throws", () => {
  const cause = new Error("no");
  const value = {
    a: {
      get b() {
        throw cause;
      },
    },
  };
  const error = refusal(value, ["a", "b"], "reading it threw 'Error: no'");
  assertStrictEquals(error.cause, cause);
});

Deno.test("TypeTable.pack tells of a serializer that throws", () => {
  const cause = new Error("no");
  const table = new TypeTable([{
    ...POINT,
    serialize() {
      throw cause;
    },
  }]);
  const error = refusal([new Point(1, 2)], [0], "serializer of type 0 threw", {
    table,
  });
  assertStrictEquals(error.cause, cause);
});

Deno.test("TypeTable numbers its types by their position", () => {
  assertEquals(
    typed.pack({ p: new Point(1, 2), d: new Date(0) }),
    {
      p: { __type__: [0, [1, 2]] },
      d: { __type__: [1, "1970-01-01T00:00:00.000Z"] },
    },
  );
});

Deno.test("TypeTable.pack packs what a serializer returns", () => {
  assertEquals(typed.pack(new Point(new Date(0), undefined)), {
    __type__: [0, [{ __type__: [1, "1970-01-01T00:00:00.000Z"] }, null]],
  });
  refusal([new Point(1, () => {})], [0, 1], "found a function", {
    table: typed,
  });
});

Deno.test("TypeTable.pack sends null for data that is undefined", () => {
  const table = new TypeTable([{ ...POINT, serialize: () => undefined }]);
  assertEquals(table.pack(new Point(1, 2)), {
    __type__: [0, null],
  });
});

Deno.test("TypeTable.pack takes the nearest ancestor's serializer", () => {
  const sub: Serializer<Point3> = { ...POINT, type: Point3 };
  const point = new (class extends Point3 {})(1, 2);
  assertEquals(typed.pack(point), { __type__: [0, [1, 2]] });
  assertEquals(new TypeTable([POINT, sub]).pack(point), {
    __type__: [1, [1, 2]],
  });
  refusal([new Other()], [0], "'Other'", { table: typed });
});

Deno.test("TypeTable.pack prefers a serializer for bytes to the codec", () => {
  const table = new TypeTable([{
    type: Uint8Array,
    serialize: (bytes) => Array.from(bytes as Uint8Array),
    deserialize: (data) => new Uint8Array(data as number[]),
  }]);
  const bytes = new Uint8Array([1, 2]);
  const packed = table.pack(bytes);
  assertEquals(packed, { __type__: [0, [1, 2]] });
  assertEquals(table.unpack(packed), bytes);
});

Deno.test("TypeTable.pack stops at a serializer that returns its value", () => {
  const table = new TypeTable([{ ...POINT, serialize: (point) => point }]);
  refusal(new Point(1, 2), [], "too deep or circular", { table });
});

Deno.test("TypeTable counts a custom type as two levels, both ways", () => {
  const table = new TypeTable([POINT], { maxDepth: 3 });
  const packed = table.pack(new Point(1, 2));
  assertEquals(table.unpack(packed), new Point(1, 2));
  refusal([new Point(1, 2)], [0, 0], "too deep", {
    table: new TypeTable([{ ...POINT, serialize: () => [[1]] }], {
      maxDepth: 4,
    }),
  });
  assertThrows(
    () => table.unpack([{ __type__: [0, [1]] }]),
    ProtocolError,
  );
  assertThrows(() => table.unpack([[{ __type__: [0, 1] }]]), ProtocolError);
});

Deno.test("TypeTable refuses a class that is listed twice", () => {
  assertThrows(() => new TypeTable([POINT, POINT]), TypeError, "'Point'");
});

Deno.test("TypeTable refuses what is no serializer", () => {
  for (const wrong of [{}, { type: Point }, { ...POINT, type: () => {} }]) {
    assertThrows(
      () => new TypeTable([wrong as Serializer]),
      TypeError,
      "Cannot register serializer 0",
    );
  }
});

Deno.test("TypeTable.pack asks entries that match after classes", () => {
  const asked: unknown[] = [];
  const entry: TypeEntry = {
    matches(value) {
      asked.push(value);
      return typeof value === "function" || value instanceof Other;
    },
    pack: (value) => typeof value,
    unpack: (data) => ({ was: data }),
  };
  const table = new TypeTable([POINT, entry]);
  const value = [new Point(1, 2), {}, [], () => {}, new Other()];
  const packed = table.pack(value);
  assertEquals(packed, [
    { __type__: [0, [1, 2]] },
    {},
    [],
    { __type__: [1, "function"] },
    { __type__: [1, "object"] },
  ]);
  assertEquals(asked, [value[3], value[4]]);
  assertEquals((table.unpack(packed) as unknown[])[3], { was: "function" });
  refusal([new Date(0)], [0], "'Date'", { table });
});

Deno.test("TypeTable tells entries the context of their own message, nested ones too", () => {
  const told: unknown[] = [];
  const nested = [
    () => table.pack(() => {}, "b"),
    () => table.unpack({ __type__: [0, 0] }, "d", 2_000),
  ];
  const entry: TypeEntry = {
    matches: (value) => typeof value === "function",
    pack: (_value, context) => {
      nested.shift()?.();
      told.push(context);
      return 0;
    },
    unpack: (_data, context) => {
      nested.shift()?.();
      return told.push(context);
    },
  };
  const table = new TypeTable([entry]);
  const functions = [() => {}, () => {}];
  const packed = table.pack(functions, "a") as unknown[];
  assertEquals(told.splice(0), ["d", "b", "a", "a"]);
  nested.push(() => table.unpack({ __type__: [0, 0] }, "d", 2_000));
  table.unpack(packed, "c", 100_000);
  table.unpack({ __type__: [0, 0] });
  assertEquals(told, ["d", "c", "c", undefined]);
});

Deno.test("TypeTable.unpack changes lists and maps in place", () => {
  const data = { a: [5n, { b: { __type__: [0, [1, 2]] } }] };
  const unpacked = typed.unpack(data);
  assertStrictEquals(unpacked, data);
  assertEquals(unpacked, { a: [5, { b: new Point(1, 2) }] } as unknown);
});

Deno.test("TypeTable.unpack revives the innermost first", () => {
  const data = {
    __type__: [0, [{ __type__: [0, [1, 2]] }, { __type__: [1, "1970"] }]],
  };
  const point = typed.unpack(data) as Point;
  assertEquals(point, new Point(new Point(1, 2), new Date(0)));
});

Deno.test("TypeTable.unpack makes numbers of safe bigints only", () => {
  assertEquals(typed.unpack([2n ** 53n - 1n, -(2n ** 53n) + 1n, 2n ** 53n]), [
    2 ** 53 - 1,
    -(2 ** 53) + 1,
    2n ** 53n,
  ]);
  assertEquals(typed.unpack(3n), 3);
  assertEquals(typed.unpack({ __type__: [0n, [1n, 2]] }), new Point(1, 2));
});

Deno.test("TypeTable.unpack leaves other objects alone", () => {
  const bytes = new Uint8Array([1]);
  const date = new Date(0);
  assertEquals(plain.unpack([bytes, date]), [bytes, date] as unknown);
});

for (
  const [what, value, path, says] of [
    ["an unknown id", { __type__: [2, 0] }, ["a"], "found the type id 2"],
    ["a negative id", { __type__: [-1, 0] }, ["a"], "type id -1"],
    ["a broken id", { __type__: [0.5, 0] }, ["a"], "type id 0.5"],
    ["an id in text", { __type__: ["0", 0] }, ["a"], "an id that is no"],
    ["an id named length", { __type__: ["length", 0] }, ["a"], "is no number"],
    ["a short list", { __type__: [0] }, ["a"], "list of two"],
    ["a long list", { __type__: [0, 1, 2] }, ["a"], "list of two"],
    ["no list", { __type__: { 0: 0, 1: 1 } }, ["a"], "list of two"],
    ["a null", { __type__: null }, ["a"], "list of two"],
    ["a key beside it", { __type__: [0, []], b: 1 }, ["a"], "other keys"],
    ["a key before it", { b: 1, __type__: [0, []] }, ["a"], "other keys"],
    [
      "data with a bad inside",
      { __type__: [0, [1, { __type__: [9, 0] }]] },
      ["a", 1],
      "type id 9",
    ],
    ["data of a wrong shape", { __type__: [0, 5] }, ["a"], "type 0 threw"],
  ] as const
) {
  Deno.test(`TypeTable.unpack refuses a __type__ with ${what}`, () => {
    const error = assertThrows(
      () => typed.unpack({ a: structuredClone(value) }),
      SerializationError,
      says,
    );
    assertEquals(error.path, [...path]);
    assertStringIncludes(error.message, "Cannot revive the value at $.a");
  });
}

Deno.test("TypeTable.unpack keeps the cause of a deserializer that throws", () => {
  const cause = new Error("no");
  const table = new TypeTable([{
    ...POINT,
    deserialize() {
      throw cause;
    },
  }]);
  const error = assertThrows(
    () => table.unpack([{ __type__: [0, 1] }]),
    SerializationError,
  );
  assertStrictEquals(error.cause, cause);
  assertEquals(error.path, [0]);
});

Deno.test("TypeTable.unpack reaches no prototype", () => {
  withProtoAccessor(() => {
    const data = JSON.parse(
      '{"__proto__": {"__type__": [0, [1, 2]]}, "constructor": {"prototype": {"polluted": 1}}}',
    );
    const map = typed.unpack(data) as Record<string, unknown>;
    assertEquals(Object.keys(map), ["__proto__", "constructor"]);
    assertStrictEquals(Object.getPrototypeOf(map), Object.prototype);
    assertEquals(
      Object.getOwnPropertyDescriptor(map, "__proto__")?.value,
      new Point(1, 2),
    );
    assertStrictEquals(({} as Record<string, unknown>).polluted, undefined);
  });
});

/** A table whose types revive values that a peer may want awaited. */
function thenableTable(made: (data: unknown) => unknown): TypeTable {
  const entry: TypeEntry = {
    matches: (value) => typeof value === "function",
    pack: () => 0,
    unpack: made,
  };
  return new TypeTable([entry]);
}

const MARKED = { __type__: [0, 0] };

for (
  const [what, data, path] of [
    ["at the root", { then: MARKED }, ["then"]],
    ["in a list in a map", { a: [1, { then: MARKED }] }, ["a", 1, "then"]],
    ["beside other keys", [{ b: 1, then: MARKED, c: 2 }], [0, "then"]],
    ["in a custom type's data", { __type__: [0, { then: MARKED }] }, ["then"]],
  ] as const
) {
  Deno.test(`TypeTable.unpack refuses a function 'then' ${what}`, () => {
    const table = thenableTable(() => () => {});
    const error = assertThrows(
      () => table.unpack(structuredClone(data)),
      SerializationError,
      "callable 'then'",
    );
    assertEquals(error.path, [...path]);
  });
}

for (
  const [what, value] of [
    ["a promise", Promise.resolve(1)],
    ["an object with a method 'then'", { then() {} }],
    ["an object that inherits 'then'", Object.create({ then() {} })],
    [
      "a function with a function 'then'",
      Object.assign(() => {}, { then() {} }),
    ],
  ] as const
) {
  Deno.test(`TypeTable.unpack refuses ${what} as a revived value`, () => {
    const table = thenableTable(() => value);
    const error = assertThrows(
      () => table.unpack({ a: [MARKED] }),
      SerializationError,
      "callable 'then'",
    );
    assertEquals(error.path, ["a", 0]);
  });
}

Deno.test("TypeTable.unpack refuses a revived value whose 'then' throws", () => {
  const table = thenableTable(() => ({
    get then() {
      throw new RangeError("no");
    },
  }));
  assertThrows(() => table.unpack([MARKED]), SerializationError, "no");
});

Deno.test("TypeTable.unpack takes 'then' that is data, and functions elsewhere", () => {
  const call = () => {};
  const table = thenableTable(() => call);
  for (const then of [5, "x", null, [], {}, { a: 1 }]) {
    const data = { then, list: [{ then }], done: MARKED };
    assertEquals(table.unpack(structuredClone(data)), { ...data, done: call });
  }
  assertStrictEquals(table.unpack(MARKED), call);
});

for (const name of CALLED_NAMES) {
  Deno.test(`TypeTable refuses a function '${name}', and takes it as data`, () => {
    const table = thenableTable(() => () => {});
    const error = assertThrows(
      () => table.unpack([{ [name]: { __type__: [0, 0] } }]),
      SerializationError,
      `callable '${name}'`,
    );
    assertEquals(error.path, [0, name]);
    refusal([{ [name]: () => {} }], [0, name], `'${name}'`, { table });
    const data = [{ [name]: 5, b: { [name]: "x" } }];
    assertStrictEquals(table.unpack(data), data);
    assertStrictEquals(table.pack(data), data);
  });
}

Deno.test("TypeTable.pack refuses a function as 'then', whatever its type", () => {
  const table = thenableTable(() => 0);
  refusal([{ a: { then: () => {} } }], [0, "a", "then"], "'then'", { table });
  assertEquals(table.pack({ then: 5 }), { then: 5 });
});

Deno.test("TypeTable names keys and errors of a peer on one line, cut to size", () => {
  const table = thenableTable(() => {
    throw new Error(`\x1b[2J\n${"x".repeat(1_000_000)}`);
  });
  const key = `\n\u202e\x1b${"😀".repeat(1_000_000)}`;
  const error = assertThrows(
    () => table.unpack({ [key]: [MARKED] }),
    SerializationError,
  );
  assertEquals(error.message, printable(error.message, Infinity));
  assert(error.message.isWellFormed() && error.message.length < 600);
  assertEquals(error.path, [key, 0]);
});

/** The least and the most memory of a value by `weight`. */
const WEIGHTS:
  readonly (readonly [value: unknown, least: number, most: number])[] = [
    [null, 0, 0],
    [7, 0, 0],
    [0.5, 12, 16],
    ["", 0, 24],
    ["x".repeat(1_000), 1_016, 2_100],
    ["日".repeat(1_000), 2_016, 2_100],
    [[], 32, 48],
    [[1, 2], 64, 64],
    [{}, 56, 56],
    [{ a: 1 }, 36, 192],
    [{ a: [{ b: ["text"] }] }, 200, 400],
    [2n ** 60n, 8, 24],
    [new Uint8Array(1_000), 1_107, 1_250],
    [{ __type__: [0, [1.5, "text"]] }, 400, 800],
  ];

for (const [value, least, most] of WEIGHTS) {
  const name = Deno.inspect(value).slice(0, 30).replaceAll("\n", "");
  Deno.test(`TypeTable.weight weighs ${name}`, () => {
    // With a bigint in it, the value takes the slower walk.
    for (const beside of [0, 5n]) {
      typed.unpack(beside);
      const alone = typed.weight;
      typed.unpack([structuredClone(value), beside]);
      const weight = typed.weight - alone - 64;
      assert(weight >= least && weight <= most, `${weight} bytes`);
    }
  });
}

Deno.test("TypeTable takes care of a rejected promise that it refuses", async () => {
  class Late {}
  const late = () => Promise.reject(new RangeError("nobody hears of it"));
  const table = new TypeTable([{
    type: Late,
    serialize: late,
    deserialize: late,
  }]);
  assertThrows(() => table.pack([new Late()]));
  assertThrows(() => table.pack([late()]));
  assertThrows(() => table.unpack([{ __type__: [0, 1] }]));
  // A rejection without a handler would fail the test here.
  await new Promise((resolve) => setImmediate(resolve));
});

Deno.test("TypeTable revives no more custom types than may be held", () => {
  let revived = 0;
  const table = new TypeTable([{
    type: Date,
    serialize: String,
    deserialize: () => {
      revived++;
      return new Date(0);
    },
  }]);
  const dates = () =>
    Array.from({ length: 10_000 }, () => ({ __type__: [0, "x"] }));
  assertThrows(
    () => table.unpack(dates(), undefined, 2 ** 20),
    ProtocolError,
    "maxHeldBytes",
  );
  assert(revived > 500 && revived < 2_000, `${revived} were revived`);
  assertEquals((table.unpack(dates()) as unknown[]).length, 10_000);
});
