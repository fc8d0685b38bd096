import { assertEquals, assertThrows } from "@std/assert";
import { replaceSection } from "./section.ts";

const END = "<!-- end of what is written -->";

function section(task: string, content: string): string {
  return `<!-- written by deno task ${task} -->\n${content}\n${END}\n`;
}

Deno.test("replaceSection writes between the marks of its task only", () => {
  const guide = `before\n${section("a", "1")}between\n${
    section("b", "2")
  }after`;
  assertEquals(
    replaceSection(guide, "b", "new"),
    `before\n${section("a", "1")}between\n${section("b", "\nnew\n")}after`,
  );
});

Deno.test("replaceSection refuses a guide without the section", () => {
  assertThrows(
    () => replaceSection(section("a", "1"), "b", "new"),
    Error,
    "Finding the section",
  );
});
