import { assertEquals } from "@std/assert";
import { controlAt, isControl, isExtensionPath, isHarmless } from "./_paths.ts";

const call = (path: string, ...args: unknown[]) => [path, args, {}];

Deno.test("controlAt knows the control requests and no other paths", () => {
  for (
    const name of "cancel hello idempotent keep next ping release return"
      .split(" ")
  ) {
    assertEquals(typeof controlAt(`$/${name}`), "function", name);
    assertEquals(controlAt(`$/${name}/more`), undefined);
  }
  for (
    const path of [
      "$/",
      "$/call",
      "$/ref",
      "$/ref/0",
      "$/stream/0",
      "$/unknown",
      "$//",
      "$/__proto__",
      "__proto__",
      "toString",
    ]
  ) {
    assertEquals(controlAt(path), undefined, path);
  }
});

Deno.test("isExtensionPath holds for all paths below '$/' but references", () => {
  for (const path of ["$/", "$/ref", "$/call", "$/unknown", "$/stream/0"]) {
    assertEquals(isExtensionPath(path), true, path);
  }
  for (const path of ["", "$", "ref", "add", "$/ref/", "$/ref/0/work"]) {
    assertEquals(isExtensionPath(path), false, path);
  }
});

Deno.test("isControl holds for requests that steer calls, and for no calls", () => {
  const controls = ["cancel", "hello", "idempotent", "keep", "next", "ping"];
  for (const name of [...controls, "release", "return"]) {
    assertEquals(isControl(call(`$/${name}`, 1)), true, name);
  }
  for (
    const path of ["add", "$/call", "$/ref/0", "$/unknown", "ping", "toString"]
  ) {
    assertEquals(isControl(call(path)), false, path);
  }
  assertEquals([null, "$/ping", ["$/ping"]].map(isControl), [
    false,
    false,
    false,
  ]);
});

Deno.test("isHarmless holds for what reaches only what was passed to the peer", () => {
  for (
    const content of [
      call("$/ref/0"),
      call("$/ref/0/work", 1),
      call("$/call", "$/ref/0", [], {}, {}),
      call("$/cancel", 1),
      call("$/hello", {}),
    ]
  ) assertEquals(isHarmless(content), true);
  for (
    const content of [
      call("add", 1),
      call("$/call", "add", [], {}, {}),
      call("$/call", 5),
      call("$/call"),
      call("$/call", "$/call"),
      call("$/call", "$/cancel"),
      call("$/unknown"),
      call("toString"),
      call("__proto__"),
      null,
    ]
  ) assertEquals(isHarmless(content), false);
});
