import { assert, assertEquals } from "@std/assert";
import { readClassName } from "./_link.ts";
import { readReason } from "./_watches.ts";

Deno.test("readClassName is a bounded line, or nothing", () => {
  assertEquals(readClassName("Cat"), "Cat");
  assertEquals(readClassName("A\n\x1b[31m\u202e"), "A\\n\\u{1b}[31m\\u{202e}");
  assert(readClassName("x".repeat(1_000_000))!.length <= 257);
  for (const none of ["", 5, null, undefined, {}, ["A"]]) {
    assertEquals(readClassName(none), null);
  }
});

Deno.test("readReason is a bounded line, whatever was told", () => {
  assertEquals(readReason("it was closed"), "it was closed");
  assertEquals(readReason("a\r\nb"), "a\\r\\nb");
  assert(readReason("x".repeat(1_000_000)).length <= 501);
  for (const none of ["", 5, null, undefined, {}, ["A"]]) {
    assertEquals(readReason(none), "its container gave no reason");
  }
});
