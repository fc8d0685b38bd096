import { assertEquals } from "@std/assert";
import { formatTable } from "./table.ts";

Deno.test("formatTable() puts text to the left and numbers to the right", () => {
  assertEquals(
    formatTable(["what", "count", "time ms"], [
      ["a", 10_000, 1.2345],
      ["longer", 7, 123.45],
    ]),
    [
      "what     count  time ms",
      "a       10,000     1.23",
      "longer       7      123",
    ].join("\n"),
  );
});
