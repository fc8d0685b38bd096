import { assertEquals } from "@std/assert";
import { cutText, printable, printableLines } from "./printable.ts";

Deno.test("printable leaves ordinary text of any script as it is", () => {
  const text = "Grüße, 你好, 👋🏽, a\u00a0b";
  assertEquals(printable(text), text);
});

Deno.test("printable escapes what a terminal or log would act on", () => {
  assertEquals(printable("a\nb\r\tc"), "a\\nb\\r\\tc");
  assertEquals(printable("\x1b[31mred\x07"), "\\u{1b}[31mred\\u{7}");
  assertEquals(printable("\x7f\x9b"), "\\u{7f}\\u{9b}");
  assertEquals(printable("\u2028\u2029"), "\\u{2028}\\u{2029}");
  assertEquals(printable("\u202egnp.exe"), "\\u{202e}gnp.exe");
  assertEquals(printable("\ud83d!"), "\\u{d83d}!");
});

Deno.test("printableLines keeps line breaks and tabs, and nothing else", () => {
  assertEquals(printableLines("a\n\tb\r\x1bc"), "a\n\tb\\r\\u{1b}c");
});

Deno.test("cutText never leaves half of a surrogate pair", () => {
  assertEquals(cutText("ab👋cd", 3), "ab…");
  assertEquals(cutText("ab👋cd", 4), "ab👋…");
  assertEquals(cutText("ab", 2), "ab");
  assertEquals(cutText("", 0), "");
  assertEquals(cutText("x", 0), "…");
});
