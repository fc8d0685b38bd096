import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertStrictEquals,
} from "@std/assert";
import {
  RemoteError,
  SerializationError,
  ServerBusyError,
} from "../../channel/errors.ts";
import { TypeTable } from "../../channel/codecs/types/type_table.ts";
import { failureText } from "../../channel/message.ts";
import {
  MethodNotFoundError,
  ReferenceReleasedError,
  UnsupportedByPeerError,
  ValidationError,
} from "../errors.ts";
import {
  fromFailure,
  passOn,
  toFailureRecord,
  toPlainFailure,
} from "../_failure.ts";

const ORIGIN = "local://there";

class OutOfStock extends Error {
  override name = "OutOfStock";
  code = "stock";
  data = { left: 0 };
}

const ownTypes = [
  MethodNotFoundError,
  ValidationError,
  ReferenceReleasedError,
  ServerBusyError,
  UnsupportedByPeerError,
];

/** Returns the record of `error` for a peer that accepts JSON values. */
function recordOf(error: unknown, stacks = false): Record<string, unknown> {
  const table = new TypeTable([]);
  return toFailureRecord(error, {
    stacks,
    causes: false,
    refusalOf(value) {
      try {
        table.pack(value);
        return null;
      } catch {
        return "no data";
      }
    },
  });
}

/** Returns `error` as it arrives at a peer with extensions. */
function viaRecord(error: unknown, withStack = false): Error {
  const record = JSON.parse(JSON.stringify(recordOf(error, withStack)));
  return fromFailure(record, ORIGIN);
}

/** Returns `error` as it arrives at a peer without extensions. */
function viaText(error: unknown): Error {
  return fromFailure(failureText(toPlainFailure(error)), ORIGIN);
}

Deno.test("toFailureRecord tells name, message, code and data", () => {
  assertEquals(recordOf(new OutOfStock("none left")), {
    name: "OutOfStock",
    message: "none left",
    code: "stock",
    data: { left: 0 },
  });
  assertEquals(recordOf("text"), {
    name: "Error",
    message: "text",
  });
});

Deno.test("toFailureRecord tells the stack only if it shall", () => {
  const error = new Error("no");
  assertFalse("stack" in recordOf(error));
  assertEquals(recordOf(error, true).stack, error.stack);
});

Deno.test("toFailureRecord says that data could not be sent", () => {
  const bad = [() => {}, new Date(), 1n, NaN, { deep: [Symbol()] }];
  for (const data of bad) {
    const error = Object.assign(new Error("the real reason"), { data });
    assertEquals(recordOf(error), {
      name: "Error",
      message: "the real reason (its 'data' was not sent: no data)",
    });
  }
});

Deno.test("toFailureRecord and toPlainFailure never throw", () => {
  const thrower = () => {
    throw new Error("from a getter");
  };
  const nasty = [
    null,
    undefined,
    Object.create(null),
    { toString: thrower },
    Symbol("symbol"),
    () => {},
    new Proxy({}, { getPrototypeOf: thrower }),
    ...["name", "message", "code", "data", "stack"].map((key) =>
      Object.defineProperty(new Error("nasty"), key, { get: thrower })
    ),
    Object.assign(new Error("nasty"), {
      data: Object.defineProperty({}, "a", { get: thrower, enumerable: true }),
    }),
    Object.assign(new Error("nasty"), { name: 1, stack: 2, code: 3 }),
  ];
  for (const error of nasty) {
    const record = recordOf(error, true);
    assertEquals(typeof record.name, "string");
    assertEquals(typeof record.message, "string");
    assertInstanceOf(toPlainFailure(error), Error);
  }
});

Deno.test("fromFailure makes our own errors anew, from records and from text", () => {
  for (const type of ownTypes) {
    for (const via of [viaRecord, viaText]) {
      const error = via(new type("Cannot do it: too late"));
      assertStrictEquals(error.constructor, type);
      assertEquals(error.message, "Cannot do it: too late");
    }
  }
});

Deno.test("fromFailure fills in every field of a RemoteError", () => {
  const thrown = new OutOfStock("none left");
  const error = viaRecord(thrown, true);
  assert(error instanceof RemoteError);
  assertEquals(error.remoteName, "OutOfStock");
  assertEquals(error.message, "none left");
  assertEquals(error.code, "stock");
  assertEquals(error.data, { left: 0 });
  assertEquals(error.origin, ORIGIN);
  assertEquals(error.remoteStack, thrown.stack);
  const bare = viaRecord(new Error(""));
  assert(bare instanceof RemoteError);
  assertEquals([bare.code, bare.data, bare.remoteStack], [
    undefined,
    undefined,
    undefined,
  ]);
});

Deno.test("fromFailure does not take a user's code or name for one of ours", () => {
  for (const code of ["not_found", "busy", "released", "invalid_argument"]) {
    const mine = Object.assign(new OutOfStock("none left"), { code });
    const error = viaRecord(mine);
    assert(error instanceof RemoteError);
    assertEquals(error.remoteName, "OutOfStock");
    assertEquals(error.code, code);
  }
  const named = Object.assign(new Error("3 issues"), {
    name: "ValidationError",
    data: [1, 2, 3],
  });
  for (const via of [viaRecord, viaText]) {
    assertInstanceOf(via(named), RemoteError);
  }
  assertEquals((viaRecord(named) as RemoteError).data, [1, 2, 3]);
});

Deno.test("fromFailure reads a Python traceback, whatever its error is called", () => {
  const traceback = (line: string) =>
    `Traceback (most recent call last):\n  File "a.py", line 1, in b\n    c()\n${line}\n`;
  const error = fromFailure(traceback("ValueError: too few"), ORIGIN);
  assert(error instanceof RemoteError);
  assertEquals(error.remoteName, "ValueError");
  assertEquals(error.message, "too few");
  assertEquals(error.remoteStack, traceback("ValueError: too few"));
  const same = fromFailure(traceback("ValidationError: not ours"), ORIGIN);
  assert(same instanceof RemoteError);
  assertEquals(same.remoteName, "ValidationError");
});

Deno.test("fromFailure reads mosaik's list, and describes anything else", () => {
  const error = fromFailure(["ValueError", "too few", "line\n"], ORIGIN);
  assert(error instanceof RemoteError);
  assertEquals([error.remoteName, error.message], ["ValueError", "too few"]);
  for (const content of [null, 1, [], {}, { name: 1 }, ["one"]]) {
    const odd = fromFailure(content, ORIGIN);
    assert(odd instanceof RemoteError);
    assertEquals(odd.content, content);
  }
});

Deno.test("toFailureRecord keeps what a RemoteError that was let through told", () => {
  const relayed = viaRecord(viaRecord(new OutOfStock("none left")));
  assert(relayed instanceof RemoteError);
  assertEquals(relayed.remoteName, "OutOfStock");
  assertEquals(relayed.code, "stock");
  assertEquals(relayed.data, { left: 0 });
  const text = viaText(viaText(new OutOfStock("none left")));
  assert(text instanceof RemoteError);
  assertEquals(text.remoteName, "OutOfStock");
  assertEquals(text.message, "none left");
});

Deno.test("an own error that was let through is not told as one of this side", () => {
  for (const type of ownTypes) {
    for (const via of [viaRecord, viaText]) {
      const relayed = via(via(new type("of a third side")));
      // It must not look like a busy server that did not run the method.
      assertInstanceOf(relayed, RemoteError);
    }
    assertInstanceOf(viaRecord(passOn(viaRecord(new type("passed")))), type);
  }
});

Deno.test("toFailureRecord gives codes to what ends calls", () => {
  const code = (error: unknown) => recordOf(error).code;
  assertEquals(
    code(new SerializationError("bad", { path: ["a"] })),
    "not_serializable",
  );
  assertEquals(code(new DOMException("", "AbortError")), "cancelled");
  assertEquals(code(new DOMException("", "DataError")), undefined);
  assertEquals(code(new MethodNotFoundError("")), "not_found");
  assertEquals(code(new UnsupportedByPeerError("")), "unsupported");
  assertEquals(code(new ValidationError("")), "invalid_argument");
  assertEquals(code(new ReferenceReleasedError("")), "released");
  assertEquals(code(new ServerBusyError("")), "busy");
});
