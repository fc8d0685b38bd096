import { assertEquals } from "@std/assert";
import { randomInteger, seededRandom } from "../../testing/network/random.ts";
import { Lines } from "./_host.ts";

/** Returns the lines of `parts`. */
function linesOf(parts: readonly string[]): string[] {
  const found: string[] = [];
  const lines = new Lines((line) => found.push(line));
  for (const part of parts) lines.add(part);
  lines.end();
  return found;
}

Deno.test("Lines cuts text at line ends, wherever its parts end", () => {
  const text = "one\n\ntwo\r\nthree\nthe last without end";
  const random = seededRandom(1);
  for (let run = 0; run < 100; run++) {
    const parts: string[] = [];
    for (let at = 0; at < text.length;) {
      const end = at + randomInteger(random, 1, 9);
      parts.push(text.slice(at, end));
      at = end;
    }
    assertEquals(linesOf(parts), [
      "one",
      "",
      "two",
      "three",
      "the last without end",
    ]);
  }
});

Deno.test("Lines adds no line where the text ends with one", () => {
  assertEquals(linesOf(["one\n"]), ["one"]);
  assertEquals(linesOf([]), []);
});

Deno.test("Lines cuts what is too long", () => {
  const lines = linesOf(["x".repeat(100_000), "x".repeat(50_000), "y\nz"]);
  assertEquals(lines.map((it) => it.length), [65_536, 65_536, 18_929, 1]);
  assertEquals(lines.at(-2)!.at(-1), "y");
});
