import { assertEquals, assertMatch } from "@std/assert";
import { callSite, siteIn } from "./_call_site.ts";

const OWN = "file:///package/ctx.ts";

function site(...frames: string[]): string {
  const stack = [
    "Error",
    ...[`register (${OWN}:9:9)`, ...frames].map((it) => `    at ${it}`),
  ].join("\n");
  return siteIn(stack, [OWN]);
}

Deno.test("siteIn finds the line of a test file", () => {
  assertEquals(site("file:///a_test.ts:3:1"), "file:///a_test.ts:3:1");
});

Deno.test("siteIn looks through wrappers, in other files and in the test file", () => {
  const wrapper = "everywhere (file:///everywhere.ts:9:3)";
  const top = "file:///a_test.ts:20:1";
  assertEquals(site(wrapper, top), top);
  assertEquals(site("local (file:///a_test.ts:5:3)", top), top);
  assertEquals(site(wrapper, "local (file:///a_test.ts:5:3)", top), top);
});

Deno.test("siteIn finds the line in a callback that a library has called", () => {
  const callback = "file:///a_test.ts:12:3";
  const library = "describe (https://jsr.io/@std/testing/bdd.ts:700:5)";
  assertEquals(site(callback, library, "file:///a_test.ts:10:1"), callback);
});

Deno.test("siteIn leaves out frames without a file", () => {
  const top = "file:///a_test.ts:10:1";
  assertEquals(site("Array.forEach (<anonymous>)", top), top);
  assertEquals(site("Array.forEach (<anonymous>)"), "unknown place");
});

Deno.test("callSite takes its own stack", () => {
  assertMatch(callSite("file:///none.ts"), /_call_site_test\.ts:\d+:\d+$/);
});
