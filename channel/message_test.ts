import { assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../transports/errors.ts";
import { failureText, parseFailure, parseMessage } from "./message.ts";

Deno.test("parseMessage takes each type", () => {
  for (const type of [0, 1, 2] as const) {
    assertEquals(parseMessage([type, 7, null]), { type, id: 7, content: null });
  }
});

Deno.test("parseMessage takes an id that came as 64 bits", () => {
  assertEquals(parseMessage([0, 2n ** 40n, 1]).id, 2 ** 40);
});

for (
  const [what, decoded, why] of [
    ["no list", { 0: 0, length: 3 }, "an object"],
    ["null", null, "null"],
    ["a short list", [0, 1], "2 items"],
    ["a long list", [0, 1, 2, 3], "4 items"],
    ["an unknown type", [3, 0, null], "its type is '3'"],
    ["a type in text", ["0", 0, null], 'its type is the text "0"'],
    ["a type of -1", [-1, 0, null], "its type is '-1'"],
    ["a negative id", [0, -1, null], "its id is '-1'"],
    ["a broken id", [0, 1.5, null], "its id is '1.5'"],
    ["an unsafe id", [0, 2 ** 53, null], "its id is"],
    ["an unsafe 64-bit id", [0, 2n ** 63n, null], "its id is"],
    ["an id in text", [0, "1", null], "its id is the text"],
    ["an id of null", [0, null, null], "its id is null"],
    ["an id of NaN", [0, NaN, null], "its id is 'NaN'"],
  ] as const
) {
  Deno.test(`parseMessage refuses ${what} and says so`, () => {
    assertThrows(() => parseMessage(decoded), ProtocolError, why);
  });
}

Deno.test("failureText ends with name, message and a line end", () => {
  assertEquals(failureText(new RangeError("too far")), "RangeError: too far\n");
  assertEquals(failureText("boom"), "Error: boom\n");
  assertEquals(failureText(undefined), "Error: undefined\n");
  assertEquals(failureText(Symbol("s")), "Error: Symbol(s)\n");
});

Deno.test("failureText puts Error for an empty name", () => {
  const error = new Error("x");
  error.name = "";
  assertEquals(failureText(error), "Error: x\n");
});

Deno.test("failureText survives what cannot be read", () => {
  const error = new Error("x");
  Object.defineProperty(error, "message", {
    get() {
      throw new Error("no");
    },
  });
  assertEquals(failureText(error), "Error: the error cannot be read\n");
  assertEquals(
    failureText(Object.create(null)),
    "Error: the error cannot be read\n",
  );
});

Deno.test("parseFailure reads what failureText writes", () => {
  for (const message of ["a", "a: b", "two\nlines", "a\u2028b\rc", ""]) {
    const { name, message: read } = parseFailure(
      failureText(new TypeError(message)),
    );
    assertEquals([name, read], ["TypeError", message]);
  }
});

const TRACEBACK = `Traceback (most recent call last):
  File "rpc.py", line 1, in handle
    ret = func()
          ^^^^^^
  File "x.py", line 2, in f
    raise ValueError("Wrong: 3")
`;

Deno.test("parseFailure reads a Python traceback", () => {
  const text = `${TRACEBACK}ValueError: Wrong: 3\n`;
  assertEquals(parseFailure(text), {
    name: "ValueError",
    message: "Wrong: 3",
    stack: text,
  });
});

Deno.test("parseFailure keeps a dotted Python name whole", () => {
  const text = `${TRACEBACK}app.f.<locals>.struct.error: bad\n`;
  assertEquals(parseFailure(text).name, "app.f.<locals>.struct.error");
  assertEquals(parseFailure(text).message, "bad");
});

Deno.test("parseFailure reads a Python error of several lines", () => {
  const text = `${TRACEBACK}KeyError: a\n  b: c\n\nHint: d\n`;
  assertEquals(parseFailure(text).name, "KeyError");
  assertEquals(parseFailure(text).message, "a\n  b: c\n\nHint: d");
});

Deno.test("parseFailure reads a Python error without a message", () => {
  assertEquals(
    parseFailure(`${TRACEBACK}AssertionError\n`).name,
    "AssertionError",
  );
  assertEquals(parseFailure(`${TRACEBACK}AssertionError\n`).message, "");
});

Deno.test("parseFailure reads the last of chained Python errors", () => {
  const text =
    `${TRACEBACK}KeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\n${TRACEBACK}OSError: 2\n`;
  assertEquals(parseFailure(text).name, "OSError");
  assertEquals(parseFailure(text).message, "2");
});

Deno.test("parseFailure reads a last line of name and message", () => {
  const text = "it went wrong\nValueError: here\n\n";
  assertEquals(parseFailure(text), {
    name: "ValueError",
    message: "here",
    stack: text,
  });
});

Deno.test("parseFailure reads a stack as JavaScript writes it", () => {
  const text = "TypeError: no\n    at f (a.js:1:2)\n    at b.js:3:4";
  assertEquals(parseFailure(text), {
    name: "TypeError",
    message: "no",
    stack: text,
  });
});

Deno.test("parseFailure takes text without a name as the message", () => {
  for (
    const text of [
      "Error in your code line 23: ...",
      "boom",
      "localhost: refused",
      "http://x",
      "",
    ]
  ) {
    assertEquals(parseFailure(text), { message: text });
  }
});

Deno.test("parseFailure takes a traceback that was cut as the message", () => {
  const { name, message, stack } = parseFailure(TRACEBACK);
  assertEquals(name, undefined);
  assertEquals(message, TRACEBACK.trimEnd());
  assertEquals(stack, TRACEBACK);
});

Deno.test("parseFailure reads mosaik's list", () => {
  assertEquals(parseFailure(["ValueError", "bad", "line 1\n", "line 2"]), {
    name: "ValueError",
    message: "bad",
    stack: "line 1\nline 2\n",
  });
  assertEquals(parseFailure(["ValueError", ""]), {
    name: "ValueError",
    message: "",
  });
});

Deno.test("parseFailure reads a map", () => {
  assertEquals(
    parseFailure({
      name: "A",
      message: "b",
      code: "busy",
      data: 1,
      stack: "s",
    }),
    { name: "A", message: "b", code: "busy", stack: "s" },
  );
  assertEquals(parseFailure({ message: "b", name: 1, code: null }), {
    message: "b",
  });
  assertEquals(parseFailure({ name: "A" }), { name: "A", message: "" });
});

Deno.test("parseFailure describes anything else", () => {
  for (
    const [content, description] of [
      [null, "null"],
      [3, "'3'"],
      [[], "a list of 0"],
      [["boom"], "a list of 1"],
      [[1, "a"], "a list of 2"],
      [{}, "an object"],
      [Object.create({ message: "inherited" }), "an object"],
      [new Uint8Array(3), "an object"],
    ] as const
  ) {
    assertEquals(parseFailure(content), {
      message: `the failure is ${description}`,
    });
  }
});

Deno.test("parseFailure never throws", () => {
  const trap = new Proxy({}, {
    getOwnPropertyDescriptor() {
      throw new Error("no");
    },
  });
  assertEquals(parseFailure(trap), { message: "the failure cannot be read" });
  const revoked = Proxy.revocable([], {});
  revoked.revoke();
  assertEquals(parseFailure(revoked.proxy), {
    message: "the failure cannot be read",
  });
});

Deno.test("parseFailure takes a long text of one kind in a short time", () => {
  for (const piece of ["a.", "A:", "\n", " at ", "A\n", "Ab"]) {
    const started = performance.now();
    assertEquals(typeof parseFailure(piece.repeat(500_000)).message, "string");
    const took = performance.now() - started;
    if (took > 5_000) throw new Error(`'${piece}' took ${took} ms`);
  }
});
