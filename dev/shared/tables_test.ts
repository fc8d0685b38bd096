import { assertEquals } from "@std/assert";
import { formatMarkdown, formatText } from "./tables.ts";

const TABLE = [["What", "number"], ["`a`", "1,234"], ["long name", "5"]];

Deno.test("formatText aligns columns, and leaves code marks out", () => {
  assertEquals(
    formatText([TABLE]),
    "What       number\na           1,234\nlong name       5",
  );
});

Deno.test("formatMarkdown puts numbers to the right", () => {
  assertEquals(
    formatMarkdown([TABLE.slice(0, 2)]),
    "| What | number |\n| --- | ---: |\n| `a` | 1,234 |",
  );
});
