import { assertEquals } from "@std/assert";
import { extensionPath, isControl, isHarmless } from "./_paths.ts";

const call = (path: string, ...args: unknown[]) => [path, args, {}];

Deno.test("extensionPath knows the paths of the extensions and no others", () => {
  for (
    const name of "call cancel hello idempotent keep next ping release return"
      .split(" ")
  ) {
    assertEquals(typeof extensionPath(`$/${name}`)?.serve, "function", name);
    assertEquals(extensionPath(`$/${name}/more`), undefined);
  }
  assertEquals(extensionPath("$/ref/0/work"), extensionPath("$/ref/1"));
  for (
    const path of [
      "$/",
      "$/ref",
      "$/stream/0",
      "$/unknown",
      "$//",
      "$/__proto__",
    ]
  ) {
    assertEquals(extensionPath(path), undefined, path);
  }
});

Deno.test("isControl holds for requests that steer calls, and for no calls", () => {
  const controls = ["cancel", "hello", "idempotent", "keep", "next", "ping"];
  for (const name of [...controls, "release", "return"]) {
    assertEquals(isControl(call(`$/${name}`, 1)), true, name);
  }
  for (const path of ["add", "$/call", "$/ref/0", "$/unknown", "ping"]) {
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
      call("$/unknown"),
      null,
    ]
  ) assertEquals(isHarmless(content), false);
});
