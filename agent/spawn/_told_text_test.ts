import { assert, assertEquals } from "@std/assert";
import { toldClassName, toldReason } from "./_told_text.ts";

Deno.test("toldClassName is a bounded line, or nothing", () => {
  assertEquals(toldClassName("Cat"), "Cat");
  assertEquals(toldClassName("A\n\x1b[31m\u202e"), "A\\n\\u{1b}[31m\\u{202e}");
  assert(toldClassName("x".repeat(1_000_000))!.length <= 257);
  for (const none of ["", 5, null, undefined, {}, ["A"]]) {
    assertEquals(toldClassName(none), null);
  }
});

Deno.test("toldReason is a bounded line, whatever was told", () => {
  assertEquals(toldReason("it was closed"), "it was closed");
  assertEquals(toldReason("a\r\nb"), "a\\r\\nb");
  assert(toldReason("x".repeat(1_000_000)).length <= 501);
  for (const none of ["", 5, null, undefined, {}, ["A"]]) {
    assertEquals(toldReason(none), "its container gave no reason");
  }
});
