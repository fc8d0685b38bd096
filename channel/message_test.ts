import { assert, assertEquals, assertThrows } from "@std/assert";
import { ProtocolError } from "../transports/errors.ts";
import { printable } from "../transports/printable.ts";
import { json } from "./codecs/json/json.ts";
import { msgpack } from "./codecs/msgpack/msgpack.ts";
import {
  type Failure,
  failureText,
  parseFailure,
  parseMessage,
  shortFailureText,
} from "./message.ts";

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
    ["a short list", [0, 1], "a list of 2"],
    ["a long list", [0, 1, 2, 3], "a list of 4"],
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

/** Returns the failure with these fields and no others. */
function failure(fields: Partial<Failure>): Failure {
  const none = { name: "", message: "", stack: "", code: "", data: undefined };
  return { ...none, ...fields };
}

Deno.test("parseFailure reads what failureText writes", () => {
  for (
    const [message, shown] of [
      ["a"],
      ["a: b"],
      ["two\nlines"],
      ["windows\r\nlines", "windows\nlines"],
      ["a\u2028b\rc", "a\\u{2028}b\\rc"],
      [""],
    ] as const
  ) {
    const { name, message: read } = parseFailure(
      failureText(new TypeError(message)),
    );
    assertEquals([name, read], ["TypeError", shown ?? message]);
  }
});

Deno.test("failureText puts U+FFFD for half of a surrogate pair", () => {
  assertEquals(failureText(new Error("a\ud83d")), "Error: a\ufffd\n");
  assertEquals(failureText("\udc00b"), "Error: \ufffdb\n");
  const error = new Error("x");
  error.name = "Bad\ud83d";
  assertEquals(failureText(error), "Bad\ufffd: x\n");
});

Deno.test("shortFailureText fits the smallest frame with each codec", () => {
  for (
    const unit of ["x", "日", "😀", "\0", '"', "\\", "\ud83d", "\u{e0041}"]
  ) {
    for (const shift of ["", "y"]) {
      const text = shortFailureText(new Error(shift + unit.repeat(1_000)));
      assert(text.startsWith("Error: "));
      assert(text.isWellFormed());
      for (const codec of [json(), msgpack()]) {
        const payload = codec.encode([2, Number.MAX_SAFE_INTEGER, text]);
        const bytes = typeof payload === "string"
          ? new TextEncoder().encode(payload)
          : payload;
        assert(bytes.length <= 1_024, `${unit}: ${bytes.length} bytes`);
      }
    }
  }
});

/** Characters that end a line, move the cursor, or change text direction. */
const HARMFUL = "\x1b[2J\u009b31m\r\u2028\u202e\0";
const ESCAPED = "\\u{1b}[2J\\u{9b}31m\\r\\u{2028}\\u{202e}\\u{0}";

Deno.test("parseFailure escapes the texts of each form", () => {
  const line = `${HARMFUL}x`;
  assertEquals(
    parseFailure(`E: a\n\t${line}`),
    failure({
      name: "E",
      message: `a\n\t${ESCAPED}x`,
      stack: `E: a\n\t${ESCAPED}x`,
    }),
  );
  assertEquals(
    parseFailure([`E${line}\n`, line, line]),
    failure({
      name: `E${ESCAPED}x\\n`,
      message: `${ESCAPED}x`,
      stack: `${ESCAPED}x\n`,
    }),
  );
  assertEquals(
    parseFailure({ name: line, message: line, code: line, stack: line }),
    failure({
      name: `${ESCAPED}x`,
      message: `${ESCAPED}x`,
      code: `${ESCAPED}x`,
      stack: `${ESCAPED}x`,
    }),
  );
});

Deno.test("parseFailure reads both ends of a long text", () => {
  const long = "x".repeat(1_000_000);
  const python = parseFailure(`${TRACEBACK}  ${long}\nValueError: end\n`);
  assertEquals([python.name, python.message], ["ValueError", "end"]);
  const plain = parseFailure(`RangeError: start ${long}`);
  assertEquals(plain.name, "RangeError");
  assert(plain.message.startsWith("start x"));
  for (
    const { name, message, stack, code } of [
      python,
      plain,
      parseFailure([long, long, long, long]),
      parseFailure({ name: long, message: long, stack: long, code: long }),
    ]
  ) {
    for (const text of [name, message, stack, code]) {
      assert(text.length < 140_000, `${text.length} units are kept`);
    }
  }
});

Deno.test("parseMessage shows the text of a peer on one line", () => {
  const { message } = assertThrows(
    () => parseMessage([`\n${HARMFUL}${"😀".repeat(100)}`, 0, null]),
    ProtocolError,
  );
  assertEquals(message, printable(message, Infinity));
  assert(message.isWellFormed() && message.length < 200);
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
  assertEquals(
    parseFailure(text),
    failure({
      name: "ValueError",
      message: "Wrong: 3",
      stack: text,
    }),
  );
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
  assertEquals(
    parseFailure(text),
    failure({
      name: "ValueError",
      message: "here",
      stack: text,
    }),
  );
});

Deno.test("parseFailure reads a stack as JavaScript writes it", () => {
  const text = "TypeError: no\n    at f (a.js:1:2)\n    at b.js:3:4";
  assertEquals(
    parseFailure(text),
    failure({
      name: "TypeError",
      message: "no",
      stack: text,
    }),
  );
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
    assertEquals(parseFailure(text), failure({ message: text }));
  }
});

Deno.test("parseFailure takes a traceback that was cut as the message", () => {
  const { name, message, stack } = parseFailure(TRACEBACK);
  assertEquals(name, "");
  assertEquals(message, TRACEBACK.trimEnd());
  assertEquals(stack, TRACEBACK);
});

Deno.test("parseFailure reads mosaik's list", () => {
  assertEquals(
    parseFailure(["ValueError", "bad", "line 1\n", "line 2"]),
    failure({
      name: "ValueError",
      message: "bad",
      stack: "line 1\nline 2\n",
    }),
  );
  assertEquals(
    parseFailure(["ValueError", ""]),
    failure({
      name: "ValueError",
      message: "",
    }),
  );
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
    failure({ name: "A", message: "b", code: "busy", stack: "s", data: 1 }),
  );
  assertEquals(
    parseFailure({ message: "b", name: 1, code: null }),
    failure({
      message: "b",
    }),
  );
  assertEquals(
    parseFailure({ name: "A" }),
    failure({ name: "A", message: "" }),
  );
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
    assertEquals(
      parseFailure(content),
      failure({
        message: `the failure is ${description}`,
      }),
    );
  }
});

Deno.test("parseFailure never throws", () => {
  const trap = new Proxy({}, {
    getOwnPropertyDescriptor() {
      throw new Error("no");
    },
  });
  assertEquals(
    parseFailure(trap),
    failure({ message: "the failure cannot be read" }),
  );
  const revoked = Proxy.revocable([], {});
  revoked.revoke();
  assertEquals(
    parseFailure(revoked.proxy),
    failure({
      message: "the failure cannot be read",
    }),
  );
});

Deno.test("parseFailure takes a long text of one kind in a short time", () => {
  for (
    const piece of ["a.", "A:", "\n", " at ", "A\n", "Ab", "ab\n", " ", "\0"]
  ) {
    const text = piece.repeat(16 * 1024 * 1024 / piece.length);
    for (const content of [text, { message: text, name: text, stack: text }]) {
      const started = performance.now();
      assertEquals(typeof parseFailure(content).message, "string");
      const took = performance.now() - started;
      if (took > 2_000) throw new Error(`'${piece}' took ${took} ms`);
    }
  }
});
