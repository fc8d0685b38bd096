import { assert, assertEquals } from "@std/assert";
import { RemoteError } from "../../channel/errors.ts";
import { failureList } from "./_failure_list.ts";

const FRAME_BYTES = 1_024;

Deno.test("failureList tells name, message and stack", () => {
  const [name, message, ...lines] = failureList(new TypeError("a\nb"), 1e6);
  assertEquals([name, message], ["TypeError", "a\nb"]);
  assert(lines.length > 0);
  assert(lines.every((line) => line.trimStart().startsWith("at ")));
});

Deno.test("failureList keeps the name that an error had over there", () => {
  const error = new RemoteError("'x'", {
    remoteName: "KeyError",
    origin: "local://mosaik",
    content: null,
  });
  assertEquals(failureList(error, 1e6).slice(0, 2), ["KeyError", "'x'"]);
});

Deno.test("failureList tells of all that can be thrown", () => {
  const unreadable = new Proxy({}, {
    getPrototypeOf: () => {
      throw new Error("no");
    },
  });
  const noStack = new Error("x");
  Object.defineProperty(noStack, "stack", {
    get: () => {
      throw new Error("no");
    },
  });
  for (const thrown of [null, undefined, "text", 7n, unreadable, noStack]) {
    const list = failureList(thrown, 1e6);
    assertEquals(list.map((it) => typeof it), ["string", "string"]);
  }
});

Deno.test("failureList fits a frame", () => {
  const errors = [new Error("\u0001".repeat(5_000)), new Error("x")];
  errors[1]!.name = "N".repeat(5_000);
  for (const error of errors) {
    const list = failureList(error, FRAME_BYTES);
    assert(list.length >= 2);
    const frame = JSON.stringify([2, 4_294_967_295, list]);
    assert(new TextEncoder().encode(frame).length <= FRAME_BYTES);
  }
});

Deno.test("failureList tells whole characters only", () => {
  for (let before = 0; before < 8; before++) {
    const text = "x".repeat(before) + "😀".repeat(5_000);
    const [, cut] = failureList(new Error(text), FRAME_BYTES);
    assert(cut!.isWellFormed() && !cut!.includes("\ufffd"));
    const [, half] = failureList(new Error("N\ud83d"), FRAME_BYTES);
    assertEquals(half, "N\ufffd");
  }
});
