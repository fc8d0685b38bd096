import { assert, assertEquals } from "@std/assert";
import {
  ConnectionClosedError,
  RemoteError,
  TimeoutError,
} from "../../channel/errors.ts";
import { MethodNotFoundError } from "../../rpc/errors.ts";
import { errorAttributes, errorKind } from "./_attributes.ts";

function remoteError(remoteName: string, code?: string): RemoteError {
  return new RemoteError("no", { remoteName, code, origin: "", content: null });
}

Deno.test("errorKind of what the other side failed with is a known code, or none", () => {
  assertEquals(errorKind(remoteError("AbortError", "cancelled")), "cancelled");
  assertEquals(errorKind(remoteError("X1", "not_found")), "not_found");
  for (let i = 0; i < 3; i++) {
    const error = remoteError(`Chosen${i}`, `chosen_${i}`);
    assertEquals(errorKind(error), "RemoteError");
    assertEquals(errorAttributes(error), {
      "error.type": `Chosen${i}`,
      "rpc.response.status_code": `chosen_${i}`,
    });
  }
  for (const code of [undefined, "toString", "__proto__"]) {
    assertEquals(errorKind(remoteError("X", code)), "RemoteError");
  }
});

Deno.test("errorKind knows all codes of the protocol", async () => {
  const page = new URL("../../docs/protocol.md", import.meta.url);
  const text = await Deno.readTextFile(page);
  const table = /denomas defines these codes[^|]*((?:\|.*\n)+)/.exec(text)![1]!;
  const codes = [...table.matchAll(/^\| `(\w+)`/gm)].map((it) => it[1]!);
  assert(codes.includes("not_found"));
  for (const code of codes) {
    assertEquals(errorKind(remoteError("X", code)), code);
  }
});

Deno.test("errorKind of an error of this side is its class", () => {
  class SoldOutError extends RangeError {}
  const details = { by: "peer", code: "lost", sent: true } as const;
  const errors: [Error, string][] = [
    [new TypeError("a"), "TypeError"],
    [new SoldOutError("a"), "SoldOutError"],
    [new Deno.errors.NotFound("a"), "NotFound"],
    [new TimeoutError("a", { timeoutMs: 1, sent: true }), "TimeoutError"],
    [new ConnectionClosedError("a", details), "ConnectionClosedError"],
    [new MethodNotFoundError("a"), "MethodNotFoundError"],
    [new DOMException("a", "AbortError"), "AbortError"],
    [new DOMException("a", "TimeoutError"), "TimeoutError"],
  ];
  for (const [error, kind] of errors) assertEquals(errorKind(error), kind);
});

Deno.test("errorKind heeds no name that was set by hand", () => {
  const named = Object.assign(new Error("a"), { name: "From afar" });
  assertEquals(errorKind(named), "Error");
  assertEquals(errorKind(new DOMException("a", "From afar")), "DOMException");
});

Deno.test("errorKind of a class without a name is _OTHER", () => {
  const nameless = new (class extends Error {})("a");
  const own = Object.assign(new Error("a"), { constructor: { name: "mine" } });
  assertEquals([errorKind(nameless), errorKind(own)], ["_OTHER", "Error"]);
  const bare = Object.setPrototypeOf(new Error("a"), Object.create(null));
  assertEquals(errorKind(bare), "_OTHER");
});
